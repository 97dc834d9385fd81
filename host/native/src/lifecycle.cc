#include "lifecycle.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "api.h"
#include "errors.h"
#include "functions.h"
#include "limits.h"
#include "spi.h"

namespace plv8 {

int memory_limit_mb = 256;
int execution_timeout = 0;
char *start_proc = nullptr;
Frame *current_frame = nullptr;

namespace {

// The process in which V8 was started; after a fork (never seen in practice) it would not be ours.
pid_t started_in;

std::vector<Runtime *> &runtimes() {
  static auto *all = new std::vector<Runtime *>;  // leaked on purpose: no destructor runs at exit
  return *all;
}

void on_backend_exit(int, Datum) { stop_watchdog(); }

void start_v8() {
  // V8 and the watchdog inherit this mask: PostgreSQL's signals must reach the main thread only.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // Everything on one thread: no worker threads to survive, no collector behind the backend's back.
  v8::V8::SetFlagsFromString("--single-threaded");
  // A WebAssembly memory may not be larger than the role's limit (pages of 64 kB).
  std::string pages = "--wasm-max-mem-pages=" + std::to_string(std::min(memory_limit_mb * 16, 65536));
  v8::V8::SetFlagsFromString(pages.c_str());
  v8::V8::InitializePlatform(v8::platform::NewSingleThreadedDefaultPlatform().release());
  v8::V8::Initialize();
  start_watchdog();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  started_in = getpid();
}

void discard(Runtime *runtime) {
  release_from_watchdog();
  runtime->functions.clear();
  free_plans(runtime);
  runtime->row_factories.clear();
  runtime->plan_template.Reset();
  runtime->cursor_template.Reset();
  runtime->window_template.Reset();
  runtime->no_op.Reset();
  runtime->context.Reset();
  Isolate *isolate = runtime->isolate;
  isolate->Dispose();
  delete runtime;
}

Runtime *make_runtime(Oid role) {
  auto *runtime = new Runtime;
  static uint64_t serial = 0;
  runtime->serial = ++serial;
  runtime->role = role;
  runtime->heap_limit = static_cast<size_t>(memory_limit_mb) << 20;
  runtime->allocator = std::make_unique<BufferAllocator>(runtime->heap_limit);
  Isolate::CreateParams params;
  params.array_buffer_allocator = runtime->allocator.get();
  limit_heap(&params, runtime->heap_limit);
  runtime->isolate = Isolate::New(params);
  // The stack limit comes with the first frame: setting up must not fail where the stack is nearly used up.
  limit_isolate(runtime);
  Isolate *isolate = runtime->isolate;
  Isolate::Scope isolate_scope(isolate);
  HandleScope scope(isolate);
  Local<Context> context = Context::New(isolate);
  runtime->context.Reset(isolate, context);
  Context::Scope context_scope(context);
  install_api(runtime, context);
  return runtime;
}

}  // namespace

const std::vector<Runtime *> &all_runtimes() { return runtimes(); }

void define_settings() {
  DefineCustomIntVariable("plv8.memory_limit",
                          "Memory that JavaScript of one role may use in a session, array buffers and WebAssembly "
                          "memory included.",
                          nullptr, &memory_limit_mb, 256, 16, 3096, PGC_SUSET, GUC_UNIT_MB, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("plv8.execution_timeout", "Time that one call of a JavaScript function may take (0: no limit).",
                          nullptr, &execution_timeout, 0, 0, 65536, PGC_USERSET, GUC_UNIT_S, nullptr, nullptr, nullptr);
  DefineCustomStringVariable("plv8.start_proc", "Function that runs first in each new JavaScript environment.", nullptr,
                             &start_proc, "", PGC_SUSET, 0, nullptr, nullptr, nullptr);
  reserve_guc_prefix("plv8");
}

Runtime *runtime_of_current_role() {
  static Runtime *last;
  Oid role = GetUserId();
  if (last != nullptr && last->role == role && !last->retired) return last;
  if (started_in != getpid()) {
    start_v8();
    on_proc_exit(on_backend_exit, 0);
  }
  std::vector<Runtime *> &all = runtimes();
  for (size_t i = 0; i < all.size(); ++i) {
    Runtime *runtime = all[i];
    if (runtime->retired && runtime->depth == 0) {
      if (last == runtime) last = nullptr;
      discard(runtime);
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(i--));
    } else if (runtime->role == role && (!runtime->retired || runtime->condemned)) {
      // A condemned runtime that is still running answers calls with its own error.
      return last = runtime;
    }
  }
  all.push_back(make_runtime(role));
  return last = all.back();
}

void retire_runtimes(Oid role) {
  for (Runtime *runtime : runtimes())
    if (role == InvalidOid || runtime->role == role) runtime->retired = true;
}

namespace {

void describe_frame(void *argument) {
  auto *frame = static_cast<Frame *>(argument);
  if (frame->function_name != nullptr) errcontext("JavaScript function %s", frame->function_name);
}

}  // namespace

void begin_frame(Frame *frame, FunctionCallInfo fcinfo) {
  check_stack_depth();
  Runtime *runtime = runtime_of_current_role();
  *frame = Frame{};
  frame->parent = current_frame;
  frame->runtime = runtime;
  frame->caller = CurrentMemoryContext;
  frame->fcinfo = fcinfo;
  if (runtime->condemned)
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("JavaScript ran out of memory (plv8.memory_limit)")));
  refresh_stack_limit(runtime);
  ++runtime->depth;
  frame->where = {error_context_stack, describe_frame, frame};
  error_context_stack = &frame->where;
  current_frame = frame;
}

void end_frame(Frame *frame) {
  current_frame = frame->parent;
  error_context_stack = frame->where.previous;
  --frame->runtime->depth;
  if (frame->scratch != nullptr) MemoryContextDelete(frame->scratch);
  if (frame->spi_connected) SPI_finish();
  MemoryContextSwitchTo(frame->caller);
}

ScratchMemory::ScratchMemory(Frame *frame) : previous_(CurrentMemoryContext) {
  if (frame->scratch == nullptr) {
    ErrorData *error = pg_try([&] {
      frame->scratch = AllocSetContextCreate(frame->caller, "plv8 scratch", ALLOCSET_DEFAULT_SIZES);
    });
    if (error != nullptr) throw_postgres_error(error, Catchable::no);
  }
  context_ = frame->scratch;
  if (context_ != nullptr) MemoryContextSwitchTo(context_);
}

ScratchMemory::~ScratchMemory() {
  MemoryContextSwitchTo(previous_);
  if (context_ != nullptr && previous_ != context_) MemoryContextReset(context_);
}

void *js_palloc(size_t size) {
  if (!AllocSizeIsValid(size)) {
    throw_format(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "a value of %zu bytes is larger than PostgreSQL allows", size);
    return nullptr;
  }
  void *memory = palloc_extended(size, MCXT_ALLOC_NO_OOM);
  if (memory == nullptr) throw_format(ERRCODE_OUT_OF_MEMORY, "out of memory for %zu bytes", size);
  return memory;
}

}  // namespace plv8
