// Database access from JavaScript: plv8.execute, prepare, cursors, subtransaction, commit and rollback.
#pragma once

#include "runtime.h"

namespace plv8 {

using Callback = const FunctionCallbackInfo<Value> &;

void api_execute(Callback info);
void api_prepare(Callback info);
void api_subtransaction(Callback info);
void api_commit(Callback info);
void api_rollback(Callback info);

// The classes of what plv8.prepare and plan.cursor return.
void install_plan_templates(Runtime *runtime, Isolate *isolate);

// Frees every plan of a runtime that is being discarded.
void free_plans(Runtime *runtime);

// Runs `body` in a subtransaction that rolls back when it returns false. PostgreSQL errors of the body become
// catchable JavaScript errors, thrown after the rollback.
template <class Body>
bool in_savepoint(Frame *frame, Body &&body);

// Resolves "name" or "name(types)" as regproc or regprocedure. Raises PostgreSQL errors.
Oid find_function_oid(const char *signature);

bool begin_subtransaction();
bool end_subtransaction(Frame *frame, bool commit);

template <class Body>
bool in_savepoint(Frame *frame, Body &&body) {
  MemoryContext context = CurrentMemoryContext;
  ResourceOwner owner = CurrentResourceOwner;
  if (!begin_subtransaction()) return false;
  bool outer = frame->savepoint;
  frame->savepoint = true;
  bool ok = body() && frame->fatal == nullptr && frame->deferred == nullptr;
  frame->savepoint = false;
  bool ended = end_subtransaction(frame, ok);
  frame->savepoint = outer;
  MemoryContextSwitchTo(context);
  CurrentResourceOwner = owner;
  return ok && ended;
}

}  // namespace plv8
