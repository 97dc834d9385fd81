// The shared vocabulary of the handler: one Runtime per role, one Frame per entry from SQL into JavaScript.
//
// Rules that every file keeps:
// - PostgreSQL code that may raise an error runs inside pg_try(), whose body owns no C++ object with a destructor.
// - A C++ function that fails has thrown a JavaScript exception (or requested termination) and returns false.
// - Only the entry points in handler.cc raise PostgreSQL errors, when no C++ object is alive any more.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "v8_compat.h"

#include "postgres_compat.h"

namespace plv8 {

using v8::Context;
using v8::FunctionCallbackInfo;
using v8::Global;
using v8::HandleScope;
using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Object;
using v8::TryCatch;
using v8::Value;

struct CallSite;
struct CompiledFunction;
struct Plan;
class BufferAllocator;

// One V8 isolate, owned by one role of one backend.
struct Runtime {
  uint64_t serial = 0;  // never used twice in a process
  Oid role = InvalidOid;
  Isolate *isolate = nullptr;
  Global<Context> context;
  std::unique_ptr<BufferAllocator> allocator;
  std::unordered_map<uint64_t, std::unique_ptr<CompiledFunction>> functions;
  std::unordered_map<std::string, Plan *> cached_plans;  // of plv8.execute, by SQL text
  std::unordered_set<Plan *> prepared_plans;             // of plv8.prepare, freed or collected
  std::unordered_map<std::string, Global<v8::Function>> row_factories;
  Global<v8::FunctionTemplate> plan_template;
  Global<v8::FunctionTemplate> cursor_template;
  Global<v8::FunctionTemplate> window_template;
  Global<v8::Function> no_op;
  std::vector<Plan *> dead_plans;  // collected by V8, freed at the next statement
  size_t heap_limit = 0;
  size_t stack_depth = 0;  // max_stack_depth in bytes that the stack limit was computed from
  int depth = 0;           // frames of this runtime that are running now
  bool condemned = false;  // out of memory: runs no more JavaScript
  bool retired = false;    // replaced as soon as depth is 0 (out of memory, plv8_reset)
  bool started = false;    // plv8.start_proc has run
};

// One entry from SQL into JavaScript. Lives on the C stack of an entry point; trivially destructible.
struct Frame {
  Frame *parent;
  Runtime *runtime;
  MemoryContext caller;     // where the result is allocated
  MemoryContext scratch;    // reset after each row or statement; made on demand
  ErrorData *fatal;         // an error that JavaScript may not catch
  ErrorData *deferred;      // an error inside a savepoint, to be thrown after its rollback
  Tuplestorestate *store;   // set-returning functions: where rows go
  TupleDesc row_desc;       // set-returning and composite results
  FunctionCallInfo fcinfo;
  CallSite *site;           // null in DO blocks
  TriggerData *trigger;
  const char *function_name;
  ErrorContextCallback where;  // names the function in the context of errors raised below it
  bool context_complete;    // the error to raise brings the context of all callers
  const char *out_name;     // the only OUT or TABLE column of the function, else null
  bool savepoint;           // PostgreSQL errors are rolled back before JavaScript sees them
  bool scalar_rows;         // a set of scalars: a row is the value itself
  bool spi_connected;
  bool nonatomic;           // commit and rollback are allowed
  bool read_only;
};

extern Frame *current_frame;

// Runs PostgreSQL code that may raise an error. Returns the error, in the memory context of the caller, or null.
// The body must not own C++ objects with destructors, for a PostgreSQL error is a longjmp.
template <class Body>
ErrorData *pg_try(Body &&body) {
  MemoryContext context = CurrentMemoryContext;
  ErrorData *volatile error = nullptr;
  PG_TRY();
  {
    body();
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    error = CopyErrorData();
    FlushErrorState();
  }
  PG_END_TRY();
  return error;
}

// A temporary change of the memory context that ends with the scope.
class InContext {
 public:
  explicit InContext(MemoryContext context) : previous_(MemoryContextSwitchTo(context)) {}
  ~InContext() { MemoryContextSwitchTo(previous_); }
  InContext(const InContext &) = delete;
  InContext &operator=(const InContext &) = delete;

 private:
  MemoryContext previous_;
};

// Memory for one row or statement: inside the scope palloc uses it, afterwards it is empty again.
class ScratchMemory {
 public:
  explicit ScratchMemory(Frame *frame);
  ~ScratchMemory();
  ScratchMemory(const ScratchMemory &) = delete;
  ScratchMemory &operator=(const ScratchMemory &) = delete;
  bool ok() const { return context_ != nullptr; }
  MemoryContext context() const { return context_; }

 private:
  MemoryContext context_;
  MemoryContext previous_;
};

// palloc that reports a failure as a JavaScript exception instead of a longjmp.
void *js_palloc(size_t size);

inline Local<v8::String> js_name(Isolate *isolate, const char *text) {
  return v8::String::NewFromUtf8(isolate, text, v8::NewStringType::kInternalized).ToLocalChecked();
}

}  // namespace plv8
