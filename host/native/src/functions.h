// Compiling function bodies, and keeping what was compiled.
#pragma once

#include "values.h"

namespace plv8 {

// A function body compiled in one runtime; recompiled in place when pg_proc's row changes.
struct CompiledFunction {
  Global<v8::Function> function;
  TransactionId xmin = InvalidTransactionId;
  ItemPointerData tid = {};
};

// What a call needs, kept in FmgrInfo.fn_extra. Lives as long as the FmgrInfo; trivially destructible.
struct CallSite {
  uint64_t runtime_serial;
  uint64_t generation;
  CompiledFunction *compiled;
  TypeInfo *result;      // null for composite results, triggers and sets
  const char *name;
  const char *out_name;  // the only OUT or TABLE column, else null
  int argument_count;
  bool composite;
  bool returns_set;
  bool is_trigger;
  bool read_only;
  bool is_window;
  TypeInfo *arguments[FLEXIBLE_ARRAY_MEMBER];
};

// Counts changes of pg_proc seen by this backend; a site made under another number is checked again.
extern uint64_t proc_generation;
void watch_catalog();

// The site of a call, made or refreshed on demand. Null after a JavaScript exception.
CallSite *call_site(Frame *frame, FunctionCallInfo fcinfo);

// Compiles a function for find_function or validation. False after a JavaScript exception.
bool compiled_function(Runtime *runtime, Oid function, Local<v8::Function> *result);

// Compiles source text with these parameter names.
bool compile_source(Local<Context> context, const char *name, const char *source,
                    const std::vector<std::string> &parameters, Local<v8::Function> *result);

}  // namespace plv8
