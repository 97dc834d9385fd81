// plv8.subtransaction, commit and rollback, and the savepoint around each statement.
#include "spi_internal.h"

namespace plv8 {

namespace {

void end_transaction(bool commit) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  if (!frame->nonatomic || frame->savepoint) {
    throw_error(ERRCODE_INVALID_TRANSACTION_TERMINATION, "invalid transaction termination", nullptr,
                "Call the procedure with CALL, outside a transaction block, or use DO.");
    return;
  }
  if (!connect_spi(frame)) return;
  MemoryContext context = CurrentMemoryContext;
  ErrorData *error = run_postgres([&] {
    HoldPinnedPortals();
    if (commit) SPI_commit();
    else SPI_rollback();
    EnsurePortalSnapshotExists();
  });
  MemoryContextSwitchTo(context);
  // SPI has rolled back and begun a new transaction, so JavaScript may go on after a failed commit.
  if (error != nullptr) throw_postgres_error(error, Catchable::yes);
}

}  // namespace

bool begin_subtransaction() {
  MemoryContext context = CurrentMemoryContext;
  ErrorData *error = pg_try([] { BeginInternalSubTransaction(nullptr); });
  MemoryContextSwitchTo(context);
  return fail_with(error);
}

bool end_subtransaction(Frame *frame, bool commit) {
  ErrorData *error = pg_try([&] {
    if (commit) ReleaseCurrentSubTransaction();
    else RollbackAndReleaseCurrentSubTransaction();
  });
  if (frame->deferred != nullptr) {
    ErrorData *deferred = frame->deferred;
    frame->deferred = nullptr;
    throw_postgres_error(deferred, Catchable::yes);
  }
  if (error != nullptr) throw_postgres_error(error, Catchable::no);
  return error == nullptr;
}

void api_subtransaction(Callback info) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  if (info.Length() < 1 || !info[0]->IsFunction()) {
    throw_error(ERRCODE_INVALID_PARAMETER_VALUE, "plv8.subtransaction expects a function");
    return;
  }
  // The connection must belong to the outer level, which outlives the subtransaction.
  if (!connect_spi(frame)) return;
  Isolate *isolate = info.GetIsolate();
  Local<Context> context = isolate->GetCurrentContext();
  Local<Value> result;
  MemoryContext memory = CurrentMemoryContext;
  ResourceOwner owner = CurrentResourceOwner;
  if (!begin_subtransaction()) return;
  bool nonatomic = frame->nonatomic;
  frame->nonatomic = false;
  TryCatch attempt(isolate);
  bool ok = info[0].As<v8::Function>()->Call(context, v8::Undefined(isolate), 0, nullptr).ToLocal(&result);
  frame->nonatomic = nonatomic;
  bool ended = end_subtransaction(frame, ok && !is_ending());
  MemoryContextSwitchTo(memory);
  CurrentResourceOwner = owner;
  if (is_ending()) {
    // Rethrowing a termination would make an ordinary exception of it.
    attempt.Reset();
    terminate_again();
  } else if (ok && ended) {
    info.GetReturnValue().Set(result);
  } else {
    attempt.ReThrow();
  }
}

void api_commit(Callback) { end_transaction(true); }

void api_rollback(Callback) { end_transaction(false); }

}  // namespace plv8
