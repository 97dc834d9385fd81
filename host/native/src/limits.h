// Limits on time, memory and stack, and the watchdog that enforces them while JavaScript runs.
#pragma once

#include "runtime.h"

namespace plv8 {

// Counts the memory behind array buffers against the role's limit.
class BufferAllocator final : public v8::ArrayBuffer::Allocator {
 public:
  explicit BufferAllocator(size_t limit) : limit_(limit) {}
  void *Allocate(size_t length) override;
  void *AllocateUninitialized(size_t length) override;
  void Free(void *data, size_t length) override;
  size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  bool reserve(size_t length);
  const size_t limit_;
  std::atomic<size_t> used_{0};
};

// An ArrayBuffer of uninitialised memory, or an exception with SQLSTATE 53200.
MaybeLocal<v8::ArrayBuffer> new_array_buffer(Runtime *runtime, size_t length);

// Before V8 creates an isolate: its heap limit. After: out-of-memory handlers, stack limit.
void limit_heap(v8::Isolate::CreateParams *params, size_t limit);
void limit_isolate(Runtime *runtime);

// Keeps V8's stack limit below PostgreSQL's max_stack_depth; cheap when nothing changed.
void refresh_stack_limit(Runtime *runtime);

// While an object lives, JavaScript of this runtime runs and the watchdog polls for interrupts.
class RunningJavaScript {
 public:
  explicit RunningJavaScript(Runtime *runtime);
  ~RunningJavaScript();
  RunningJavaScript(const RunningJavaScript &) = delete;
  RunningJavaScript &operator=(const RunningJavaScript &) = delete;

 private:
  Isolate *previous_;
};

// While an object lives, PostgreSQL code runs under JavaScript and looks after interrupts itself.
class RunningPostgres {
 public:
  RunningPostgres();
  ~RunningPostgres();
  RunningPostgres(const RunningPostgres &) = delete;
  RunningPostgres &operator=(const RunningPostgres &) = delete;

 private:
  Isolate *previous_;
};

// Starts the watchdog thread of this process; stops it touching isolates when the process exits.
void start_watchdog();
void stop_watchdog();

// Waits until the watchdog has let go of an isolate that is about to be disposed.
void release_from_watchdog();

// For loops of our own that run under JavaScript but call none, such as copying the elements of an array: serves what
// PostgreSQL has pending. False when the call must end; the frame then holds the error.
bool serve_interrupts(Runtime *runtime);

// Whether heap, array buffers and WebAssembly memory together keep the limit, garbage not counted.
bool is_within_memory_limit(Runtime *runtime);

}  // namespace plv8
