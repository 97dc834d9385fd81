#include "limits.h"

#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "errors.h"
#include "lifecycle.h"

// Where the main thread's stack began (glibc).
extern "C" void *__libc_stack_end;

namespace plv8 {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPollInterval = std::chrono::milliseconds(10);
// Polling goes on this long after the last call, so that a busy session pays no wake-up per call.
constexpr int kIdlePollsBeforeSleep = 100;
// A few of V8's built-ins loop without looking for interrupts (Array.prototype.indexOf on an object that claims a
// length of 2^40). After this time a cancel that nothing serves ends the session.
constexpr auto kGrace = std::chrono::seconds(2);
// How often a long run is stopped briefly to add up memory that V8 allocates outside its heap.
constexpr int kPollsPerMemoryCheck = 5;

// All of it is shared with the watchdog thread and leaked, so that no destructor runs under it at exit.
struct Watchdog {
  std::mutex mutex;
  std::condition_variable wake;
  std::atomic<Isolate *> running{nullptr};
  std::atomic<bool> asleep{false};
  std::atomic<bool> stopped{false};
  std::atomic<int64_t> deadline{0};  // steady clock, nanoseconds; 0 is none
  std::atomic<Isolate *> requested{nullptr};  // has an interrupt that is not served yet
  pthread_t backend;
};
Watchdog *watchdog;

int64_t now_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

bool is_late() {
  int64_t deadline = watchdog->deadline.load(std::memory_order_relaxed);
  return deadline != 0 && now_nanoseconds() >= deadline;
}

// Heap, array buffers and WebAssembly memory.
size_t memory_in_use(Isolate *isolate) {
  v8::HeapStatistics statistics;
  isolate->GetHeapStatistics(&statistics);
  return statistics.used_heap_size() + statistics.external_memory();
}

void end_out_of_memory(Runtime *runtime) {
  runtime->condemned = true;
  runtime->retired = true;
  runtime->isolate->TerminateExecution();
}

// Runs on the backend's own thread at a point where V8 allows it: a loop's back edge, a call, a regular
// expression's backtrack, an Atomics.wait.
void on_interrupt(Isolate *isolate, void *) {
  watchdog->requested.store(nullptr);
  Frame *frame = current_frame;
  if (frame == nullptr || frame->runtime->isolate != isolate) return;
  if (frame->fatal != nullptr) {
    isolate->TerminateExecution();
    return;
  }
  RunningPostgres postgres;
  ErrorData *error = nullptr;
  {
    InContext memory(frame->caller);
    error = pg_try([] { CHECK_FOR_INTERRUPTS(); });
    if (error == nullptr && is_late())
      error = make_error(ERRCODE_QUERY_CANCELED, "canceling JavaScript due to plv8.execution_timeout");
  }
  if (error != nullptr) {
    frame->fatal = error;
    isolate->TerminateExecution();
    return;
  }
  if (!is_within_memory_limit(frame->runtime)) end_out_of_memory(frame->runtime);
}

// PostgreSQL leaves the real-time signals to others.
int last_resort_signal() { return SIGRTMIN + 7; }

// On the backend's thread, which is inside V8 and not in PostgreSQL's code, so the session can end in order.
void on_last_resort(int) {
  if (watchdog->running.load() == nullptr || !InterruptPending) return;
  stop_watchdog();
  ereport(FATAL, (errcode(ProcDiePending ? ERRCODE_ADMIN_SHUTDOWN : ERRCODE_QUERY_CANCELED),
                  errmsg("terminating connection because JavaScript did not respond to a cancel request")));
}

void watch() {
  int idle_polls = 0;
  int polls_since_check = 0;
  Clock::time_point urgent_since;
  bool urgent = false;
  for (;;) {
    std::unique_lock<std::mutex> lock(watchdog->mutex);
    if (watchdog->running.load() == nullptr && ++idle_polls > kIdlePollsBeforeSleep) {
      watchdog->asleep.store(true);
      while (watchdog->running.load() == nullptr) watchdog->wake.wait(lock);
      watchdog->asleep.store(false);
      idle_polls = 0;
    }
    watchdog->wake.wait_for(lock, kPollInterval);
    // The lock is held: the isolate cannot be disposed meanwhile.
    Isolate *isolate = watchdog->running.load();
    if (isolate == nullptr || watchdog->stopped.load()) {
      urgent = false;
      continue;
    }
    idle_polls = 0;
    if (!InterruptPending && !is_late() && ++polls_since_check < kPollsPerMemoryCheck) continue;
    polls_since_check = 0;
    bool unserved = watchdog->requested.load() == isolate;
    if (!unserved) {
      watchdog->requested.store(isolate);
      isolate->RequestInterrupt(on_interrupt, nullptr);
    }
    if (!unserved || !InterruptPending) {
      urgent = false;
    } else if (!urgent) {
      urgent = true;
      urgent_since = Clock::now();
    } else if (Clock::now() - urgent_since > kGrace) {
      urgent = false;
      pthread_kill(watchdog->backend, last_resort_signal());
    }
  }
}

size_t near_heap_limit(void *data, size_t current_limit, size_t) {
  Runtime *runtime = static_cast<Runtime *>(data);
  end_out_of_memory(runtime);
  // Room to unwind in; the isolate is discarded afterwards.
  return current_limit + std::max<size_t>(runtime->heap_limit, size_t{256} << 20);
}

// V8 cannot continue after these. A FATAL error ends this session alone; abort() would restart the server.
[[noreturn]] void on_out_of_memory(const char *location, OomArgument) {
  stop_watchdog();
  ereport(FATAL, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("JavaScript ran out of memory"),
                  errdetail_internal("V8 could not continue: %s", location != nullptr ? location : "")));
  pg_unreachable();
}

[[noreturn]] void on_fatal_error(const char *location, const char *message) {
  stop_watchdog();
  ereport(FATAL, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("JavaScript engine failed: %s", message),
                  errdetail_internal("%s", location != nullptr ? location : "")));
  pg_unreachable();
}

void wake_watchdog() {
  std::lock_guard<std::mutex> lock(watchdog->mutex);
  watchdog->wake.notify_one();
}

void watch_isolate(Isolate *isolate) {
  watchdog->running.store(isolate);
  if (isolate != nullptr && watchdog->asleep.load()) wake_watchdog();
}

}  // namespace

bool BufferAllocator::reserve(size_t length) {
  if (used_.fetch_add(length, std::memory_order_relaxed) + length <= limit_) return true;
  used_.fetch_sub(length, std::memory_order_relaxed);
  return false;
}

void *BufferAllocator::Allocate(size_t length) {
  if (!reserve(length)) return nullptr;
  void *data = calloc(std::max<size_t>(length, 1), 1);
  if (data == nullptr) used_.fetch_sub(length, std::memory_order_relaxed);
  return data;
}

void *BufferAllocator::AllocateUninitialized(size_t length) {
  if (!reserve(length)) return nullptr;
  void *data = malloc(std::max<size_t>(length, 1));
  if (data == nullptr) used_.fetch_sub(length, std::memory_order_relaxed);
  return data;
}

void BufferAllocator::Free(void *data, size_t length) {
  free(data);
  used_.fetch_sub(length, std::memory_order_relaxed);
}

MaybeLocal<v8::ArrayBuffer> new_array_buffer(Runtime *runtime, size_t length) {
  // V8 treats a failure inside ArrayBuffer::New as fatal, so the memory is taken first.
  BufferAllocator *allocator = runtime->allocator.get();
  void *data = allocator->AllocateUninitialized(length);
  if (data == nullptr) {
    runtime->isolate->LowMemoryNotification();
    data = allocator->AllocateUninitialized(length);
  }
  if (data == nullptr) {
    throw_format(ERRCODE_OUT_OF_MEMORY, "array buffer of %zu bytes exceeds plv8.memory_limit", length);
    return {};
  }
  auto store = v8::ArrayBuffer::NewBackingStore(
      data, length,
      [](void *memory, size_t size, void *owner) { static_cast<BufferAllocator *>(owner)->Free(memory, size); },
      allocator);
  return v8::ArrayBuffer::New(runtime->isolate, std::move(store));
}

void limit_heap(v8::Isolate::CreateParams *params, size_t limit) {
  params->constraints.ConfigureDefaultsFromHeapSize(0, limit);
}

void limit_isolate(Runtime *runtime) {
  Isolate *isolate = runtime->isolate;
  isolate->AddNearHeapLimitCallback(near_heap_limit, runtime);
  isolate->SetOOMErrorHandler(on_out_of_memory);
  isolate->SetFatalErrorHandler(on_fatal_error);
}

void refresh_stack_limit(Runtime *runtime) {
  size_t depth = static_cast<size_t>(max_stack_depth) * 1024;
  if (runtime->stack_depth == depth) return;
  runtime->stack_depth = depth;
  // PostgreSQL measures from a little below the stack's start, so this trips first; the reserve is for
  // PostgreSQL's code under a JavaScript call.
  size_t reserve = std::min<size_t>(depth / 4, 128 * 1024);
  runtime->isolate->SetStackLimit(reinterpret_cast<uintptr_t>(__libc_stack_end) - (depth - reserve));
}

RunningJavaScript::RunningJavaScript(Runtime *runtime)
    : previous_(watchdog->running.load(std::memory_order_relaxed)) {
  if (runtime->depth == 1 && current_frame->parent == nullptr)
    watchdog->deadline.store(
        execution_timeout > 0 ? now_nanoseconds() + int64_t{execution_timeout} * 1000000000 : 0,
        std::memory_order_relaxed);
  watch_isolate(runtime->isolate);
}

RunningJavaScript::~RunningJavaScript() { watch_isolate(previous_); }

RunningPostgres::RunningPostgres() : previous_(watchdog->running.load(std::memory_order_relaxed)) {
  watchdog->running.store(nullptr);
}

RunningPostgres::~RunningPostgres() { watch_isolate(previous_); }

void start_watchdog() {
  watchdog = new Watchdog;
  watchdog->backend = pthread_self();
  struct sigaction action = {};
  action.sa_handler = on_last_resort;
  sigemptyset(&action.sa_mask);
  sigaction(last_resort_signal(), &action, nullptr);
  std::thread(watch).detach();
}

void stop_watchdog() {
  watchdog->stopped.store(true);
  watchdog->running.store(nullptr);
}

void release_from_watchdog() {
  std::lock_guard<std::mutex> lock(watchdog->mutex);
  watchdog->requested.store(nullptr);
}

bool serve_interrupts(Runtime *runtime) {
  if (InterruptPending || is_late()) on_interrupt(runtime->isolate, nullptr);
  return current_frame->fatal == nullptr && !runtime->condemned;
}

bool is_within_memory_limit(Runtime *runtime) {
  if (memory_in_use(runtime->isolate) <= runtime->heap_limit) return true;
  runtime->isolate->LowMemoryNotification();
  return memory_in_use(runtime->isolate) <= runtime->heap_limit;
}

}  // namespace plv8
