#include "spi.h"

#include <cstring>

#include "errors.h"
#include "limits.h"
#include "rows.h"

namespace plv8 {

// A prepared statement: the plan and the types that were given or inferred for its parameters.
struct Plan {
  SPIPlanPtr spi = nullptr;
  Oid *types = nullptr;  // read again by the parser whenever PostgreSQL makes the plan afresh
  int count = 0;
  int busy = 0;          // running now: may not be freed
  int uses = 0;
  Runtime *runtime = nullptr;
  Global<Object> object;
};

namespace {

constexpr size_t kCachedPlans = 128;

// Runs PostgreSQL code that may take long or call back into JavaScript.
template <class Body>
ErrorData *run_postgres(Body &&body) {
  RunningPostgres running;
  return pg_try(body);
}

bool fail_with(ErrorData *error) {
  if (error == nullptr) return true;
  throw_postgres_error(error, Catchable::no);
  return false;
}

bool connect(Frame *frame) {
  if (frame->spi_connected) return true;
  MemoryContext context = CurrentMemoryContext;
  ErrorData *error = pg_try([&] {
    SPI_connect_ext(frame->nonatomic ? SPI_OPT_NONATOMIC : 0);
    frame->spi_connected = true;
    if (frame->trigger != nullptr) SPI_register_trigger_data(frame->trigger);
  });
  MemoryContextSwitchTo(context);
  return fail_with(error);
}

// Parameter types: those given, the others inferred from their use.
void infer_parameters(ParseState *state, void *argument) {
  auto *plan = static_cast<Plan *>(argument);
  setup_parse_variable_parameters(state, &plan->types, &plan->count);
}

// Raises PostgreSQL errors. plan->types comes in and goes out in TopMemoryContext.
void prepare_plan(Plan *plan, const char *sql) {
  plan->spi = SPI_prepare_params(sql, infer_parameters, plan, CURSOR_OPT_PARALLEL_OK);
  if (plan->spi == nullptr) elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
  auto *types = static_cast<Oid *>(
      MemoryContextAlloc(TopMemoryContext, static_cast<size_t>(plan->count + 1) * sizeof(Oid)));
  for (int i = 0; i < plan->count; ++i) {
    types[i] = plan->types[i];
    if (types[i] == InvalidOid || types[i] == UNKNOWNOID)
      ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
                      errmsg("could not determine data type of parameter $%d", i + 1)));
  }
  plan->types = types;
  SPI_keepplan(plan->spi);
}

void free_plan(Plan *plan) {
  if (plan->spi != nullptr) SPI_freeplan(plan->spi);
  if (plan->spi != nullptr && plan->types != nullptr) pfree(plan->types);
  delete plan;
}

void free_dead_plans(Runtime *runtime) {
  for (Plan *plan : runtime->dead_plans) free_plan(plan);
  runtime->dead_plans.clear();
}

// True for statements whose plan is worth keeping: one that reads or changes rows.
bool is_plain_statement(SPIPlanPtr plan) {
  List *sources = SPI_plan_get_plan_sources(plan);
  if (list_length(sources) != 1) return false;
  switch (static_cast<CachedPlanSource *>(linitial(sources))->commandTag) {
    case CMDTAG_SELECT:
    case CMDTAG_INSERT:
    case CMDTAG_UPDATE:
    case CMDTAG_DELETE:
    case CMDTAG_MERGE: return true;
    default: return false;
  }
}

void forget_idle_plans(Runtime *runtime) {
  for (auto entry = runtime->cached_plans.begin(); entry != runtime->cached_plans.end();) {
    if (entry->second->busy > 0) {
      ++entry;
      continue;
    }
    free_plan(entry->second);
    entry = runtime->cached_plans.erase(entry);
  }
}

// The plan of a statement of plv8.execute. Null without a JavaScript exception means: run it unprepared.
bool cached_plan(Frame *frame, const char *sql, bool has_parameters, Plan **result) {
  Runtime *runtime = frame->runtime;
  *result = nullptr;
  auto found = runtime->cached_plans.find(sql);
  if (found == runtime->cached_plans.end()) {
    if (runtime->cached_plans.size() >= kCachedPlans) forget_idle_plans(runtime);
    found = runtime->cached_plans.emplace(sql, new Plan).first;
    found->second->runtime = runtime;
  }
  Plan *plan = found->second;
  // Statements without parameters are prepared when they come a second time: they may be DDL or several.
  bool worthwhile = has_parameters || ++plan->uses == 2;
  if (plan->spi == nullptr && worthwhile) {
    // PostgreSQL keeps the address of the plan for its parser, so it is prepared in place.
    ErrorData *error = run_postgres([&] {
      prepare_plan(plan, sql);
      if (has_parameters || (plan->count == 0 && is_plain_statement(plan->spi))) return;
      SPI_freeplan(plan->spi);
      pfree(plan->types);
      plan->spi = nullptr;
    });
    if (error != nullptr || plan->spi == nullptr) {
      plan->spi = nullptr;
      plan->types = nullptr;
      plan->count = 0;
    }
    if (error != nullptr) return fail_with(error);
  }
  if (plan->spi != nullptr) *result = plan;
  return true;
}

bool is_argument_list(Local<Value> value) { return value->IsArray(); }

// The values for a statement: either one array or the arguments from `first` on.
std::vector<Local<Value>> statement_arguments(Callback info, int first, bool *ok) {
  std::vector<Local<Value>> values;
  *ok = true;
  if (info.Length() == first + 1 && is_argument_list(info[first])) {
    Local<v8::Array> list = info[first].As<v8::Array>();
    Local<Context> context = info.GetIsolate()->GetCurrentContext();
    for (uint32_t i = 0; i < list->Length(); ++i) {
      Local<Value> value;
      *ok = *ok && list->Get(context, i).ToLocal(&value);
      if (!*ok) return values;
      values.push_back(value);
    }
    return values;
  }
  if (info.Length() == first + 1 && info[first]->IsUndefined()) return values;
  for (int i = first; i < info.Length(); ++i) values.push_back(info[i]);
  return values;
}

bool bind_parameters(Plan *plan, const std::vector<Local<Value>> &values, ParamListInfo *result) {
  if (values.size() != static_cast<size_t>(plan->count)) {
    throw_format(ERRCODE_INVALID_PARAMETER_VALUE, "the statement has %d parameters, got %zu values", plan->count,
                 values.size());
    return false;
  }
  *result = nullptr;
  if (plan->count == 0) return true;
  ParamListInfo list = nullptr;
  if (!fail_with(pg_try([&] { list = makeParamList(plan->count); }))) return false;
  for (int i = 0; i < plan->count; ++i) {
    ParamExternData *parameter = &list->params[i];
    parameter->pflags = PARAM_FLAG_CONST;
    parameter->ptype = plan->types[i];
    TypeInfo *type = js_type_info(parameter->ptype);
    if (type == nullptr ||
        !nullable_to_datum(type, -1, values[static_cast<size_t>(i)], &parameter->value, &parameter->isnull))
      return false;
  }
  *result = list;
  return true;
}

// What the last SPI statement gave: rows as objects, or the number of rows it changed.
bool statement_result(int code, Local<Value> *result) {
  Isolate *isolate = Isolate::GetCurrent();
  if (code < 0) {
    throw_format(code == SPI_ERROR_TRANSACTION ? ERRCODE_FEATURE_NOT_SUPPORTED : ERRCODE_INTERNAL_ERROR,
                 "statement failed: %s", SPI_result_code_string(code));
    return false;
  }
  SPITupleTable *table = SPI_tuptable;
  uint64 count = SPI_processed;
  if (table == nullptr) {
    *result = v8::Number::New(isolate, static_cast<double>(count));
    return true;
  }
  Local<v8::Array> rows;
  bool ok = tuples_to_objects(table->vals, count, table->tupdesc, &rows);
  SPI_freetuptable(table);
  if (ok) *result = rows;
  return ok;
}

// Keeps a plan from being freed while values are converted for it (which may run JavaScript) and while it runs.
class BusyPlan {
 public:
  explicit BusyPlan(Plan *plan) : plan_(plan) { ++plan_->busy; }
  ~BusyPlan() { --plan_->busy; }
  BusyPlan(const BusyPlan &) = delete;
  BusyPlan &operator=(const BusyPlan &) = delete;

 private:
  Plan *plan_;
};

bool run_plan(Frame *frame, Plan *plan, const std::vector<Local<Value>> &values, Local<Value> *result) {
  BusyPlan busy(plan);
  ParamListInfo parameters = nullptr;
  if (!bind_parameters(plan, values, &parameters)) return false;
  int code = 0;
  ErrorData *error = run_postgres(
      [&] { code = SPI_execute_plan_with_paramlist(plan->spi, parameters, frame->read_only, 0); });
  return fail_with(error) && statement_result(code, result);
}

bool run_text(Frame *frame, const char *sql, Local<Value> *result) {
  int code = 0;
  return fail_with(run_postgres([&] { code = SPI_execute(sql, frame->read_only, 0); })) &&
         statement_result(code, result);
}

void collect_plan(const v8::WeakCallbackInfo<Plan> &info) {
  Plan *plan = info.GetParameter();
  plan->object.Reset();
  plan->runtime->prepared_plans.erase(plan);
  plan->runtime->dead_plans.push_back(plan);  // PostgreSQL may not be called from here
}

// The plan behind an object, or null when there is none.
Plan *known_plan(Callback info) {
  Local<Value> field = internal_value(info.This());
  return field->IsExternal() ? static_cast<Plan *>(field.As<v8::External>()->Value()) : nullptr;
}

// A plan that can run. Null after a JavaScript exception.
Plan *plan_of(Callback info) {
  Plan *plan = known_plan(info);
  if (plan == nullptr || plan->spi == nullptr) {
    throw_error(ERRCODE_INVALID_SQL_STATEMENT_NAME, "the prepared plan has been freed");
    return nullptr;
  }
  return plan;
}

void plan_execute(Callback info) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  Plan *plan = plan_of(info);
  bool ok = true;
  if (plan == nullptr || !connect(frame)) return;
  std::vector<Local<Value>> values = statement_arguments(info, 0, &ok);
  ScratchMemory scratch(frame);
  if (!ok || !scratch.ok()) return;
  Local<Value> result;
  if (in_savepoint(frame, [&] { return run_plan(frame, plan, values, &result); })) info.GetReturnValue().Set(result);
}

void plan_cursor(Callback info) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  Plan *plan = plan_of(info);
  bool ok = true;
  if (plan == nullptr || !connect(frame)) return;
  std::vector<Local<Value>> values = statement_arguments(info, 0, &ok);
  ScratchMemory scratch(frame);
  if (!ok || !scratch.ok()) return;
  Portal portal = nullptr;
  BusyPlan busy(plan);
  ok = in_savepoint(frame, [&] {
    ParamListInfo parameters = nullptr;
    if (!bind_parameters(plan, values, &parameters)) return false;
    return fail_with(run_postgres(
        [&] { portal = SPI_cursor_open_with_paramlist(nullptr, plan->spi, parameters, frame->read_only); }));
  });
  if (!ok) return;
  Isolate *isolate = info.GetIsolate();
  Local<Object> cursor;
  Local<v8::String> name;
  if (!frame->runtime->cursor_template.Get(isolate)
           ->InstanceTemplate()
           ->NewInstance(isolate->GetCurrentContext())
           .ToLocal(&cursor) ||
      !text_to_js(portal->name, strlen(portal->name)).ToLocal(&name))
    return;
  cursor->SetInternalField(0, name);
  info.GetReturnValue().Set(cursor);
}

void plan_free(Callback info) {
  if (is_ending()) return;
  Plan *plan = known_plan(info);
  if (plan == nullptr || plan->spi == nullptr) return;
  if (plan->busy > 0) {
    throw_error(ERRCODE_OBJECT_IN_USE, "the prepared plan is running");
    return;
  }
  SPI_freeplan(plan->spi);
  pfree(plan->types);
  plan->spi = nullptr;
  plan->types = nullptr;
}

// The open portal of a cursor object. Null after a JavaScript exception.
Portal portal_of(Callback info) {
  Local<Value> field = internal_value(info.This());
  if (!field->IsString()) {
    throw_error(ERRCODE_INVALID_CURSOR_NAME, "this is no cursor");
    return nullptr;
  }
  std::string name = server_text(info.GetIsolate(), field);
  Portal portal = SPI_cursor_find(name.c_str());
  if (portal == nullptr) throw_format(ERRCODE_INVALID_CURSOR_NAME, "cursor \"%s\" does not exist", name.c_str());
  return portal;
}

// Rows to fetch or move, negative for backward. Returns false after a JavaScript exception.
bool row_count(Callback info, long *count) {
  *count = 1;
  if (info.Length() == 0 || info[0]->IsUndefined()) return true;
  double number;
  if (!info[0]->NumberValue(info.GetIsolate()->GetCurrentContext()).To(&number)) return false;
  if (!(number >= -1e15 && number <= 1e15)) {
    throw_error(ERRCODE_INVALID_PARAMETER_VALUE, "expected a number of rows");
    return false;
  }
  *count = static_cast<long>(number);
  return true;
}

void cursor_fetch(Callback info) {
  Frame *frame = current_frame;
  long count;
  if (is_ending() || !row_count(info, &count) || !connect(frame)) return;
  Portal portal = portal_of(info);
  ScratchMemory scratch(frame);
  if (portal == nullptr || !scratch.ok()) return;
  Local<Value> result;
  bool ok = in_savepoint(frame, [&] {
    return fail_with(run_postgres([&] { SPI_cursor_fetch(portal, count >= 0, std::labs(count)); })) &&
           statement_result(0, &result);
  });
  if (!ok || !result->IsArray()) return;
  // Without a number: the row itself, and undefined after the last.
  Local<v8::Array> rows = result.As<v8::Array>();
  if (info.Length() > 0 && !info[0]->IsUndefined()) {
    if (rows->Length() > 0) info.GetReturnValue().Set(rows);
  } else if (rows->Get(info.GetIsolate()->GetCurrentContext(), 0).ToLocal(&result)) {
    info.GetReturnValue().Set(result);
  }
}

void cursor_move(Callback info) {
  Frame *frame = current_frame;
  long count;
  if (is_ending() || !row_count(info, &count) || !connect(frame)) return;
  Portal portal = portal_of(info);
  ScratchMemory scratch(frame);
  if (portal == nullptr || !scratch.ok()) return;
  in_savepoint(frame, [&] {
    return fail_with(run_postgres([&] { SPI_cursor_move(portal, count >= 0, std::labs(count)); }));
  });
}

void cursor_close(Callback info) {
  Frame *frame = current_frame;
  if (is_ending() || !connect(frame)) return;
  Portal portal = portal_of(info);
  if (portal == nullptr) return;
  in_savepoint(frame, [&] { return fail_with(run_postgres([&] { SPI_cursor_close(portal); })); });
}

void end_transaction(bool commit) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  if (!frame->nonatomic || frame->savepoint) {
    throw_error(ERRCODE_INVALID_TRANSACTION_TERMINATION, "invalid transaction termination", nullptr,
                "Call the procedure with CALL, outside a transaction block, or use DO.");
    return;
  }
  if (!connect(frame)) return;
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

Oid find_function_oid(const char *signature) {
  bool with_types = strchr(signature, '(') != nullptr;
  return DatumGetObjectId(
      DirectFunctionCall1(with_types ? regprocedurein : regprocin, CStringGetDatum(signature)));
}

void api_execute(Callback info) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  bool ok = true;
  Local<v8::String> text;
  if (info.Length() < 1 || !info[0]->ToString(info.GetIsolate()->GetCurrentContext()).ToLocal(&text)) {
    if (info.Length() < 1) throw_error(ERRCODE_INVALID_PARAMETER_VALUE, "plv8.execute expects SQL text");
    return;
  }
  std::vector<Local<Value>> values = statement_arguments(info, 1, &ok);
  if (!ok || !connect(frame)) return;
  free_dead_plans(frame->runtime);
  ScratchMemory scratch(frame);
  if (!scratch.ok()) return;
  char *sql = string_to_server(text);
  if (sql == nullptr) return;
  Local<Value> result;
  ok = in_savepoint(frame, [&] {
    Plan *plan = nullptr;
    if (!cached_plan(frame, sql, !values.empty(), &plan)) return false;
    return plan != nullptr ? run_plan(frame, plan, values, &result) : run_text(frame, sql, &result);
  });
  if (ok) info.GetReturnValue().Set(result);
}

void api_prepare(Callback info) {
  Frame *frame = current_frame;
  Runtime *runtime = frame->runtime;
  if (is_ending()) return;
  Isolate *isolate = info.GetIsolate();
  Local<Context> context = isolate->GetCurrentContext();
  Local<v8::String> text;
  if (info.Length() < 1) {
    throw_error(ERRCODE_INVALID_PARAMETER_VALUE, "plv8.prepare expects SQL text");
    return;
  }
  if (!info[0]->ToString(context).ToLocal(&text) || !connect(frame)) return;
  free_dead_plans(runtime);
  ScratchMemory scratch(frame);
  if (!scratch.ok()) return;
  char *sql = string_to_server(text);
  if (sql == nullptr) return;
  bool ok = true;
  std::vector<Local<Value>> types = statement_arguments(info, 1, &ok);
  std::vector<char *> names;
  for (Local<Value> type : types) {
    Local<v8::String> name;
    if (!type->ToString(context).ToLocal(&name)) return;
    names.push_back(string_to_server(name));
    if (names.back() == nullptr) return;
  }
  if (!ok) return;
  auto *plan = new Plan;
  plan->runtime = runtime;
  ok = in_savepoint(frame, [&] {
    return fail_with(run_postgres([&] {
      plan->count = static_cast<int>(names.size());
      plan->types = static_cast<Oid *>(palloc0((names.size() + 1) * sizeof(Oid)));
      for (size_t i = 0; i < names.size(); ++i) {
        plan->types[i] = parse_type_name(names[i]);
      }
      prepare_plan(plan, sql);
    }));
  });
  Local<Object> object;
  if (!ok) {
    plan->spi = nullptr;
    delete plan;
    return;
  }
  if (!runtime->plan_template.Get(isolate)->InstanceTemplate()->NewInstance(context).ToLocal(&object)) {
    free_plan(plan);
    return;
  }
  object->SetInternalField(0, v8::External::New(isolate, plan));
  plan->object.Reset(isolate, object);
  plan->object.SetWeak(plan, collect_plan, v8::WeakCallbackType::kParameter);
  runtime->prepared_plans.insert(plan);
  info.GetReturnValue().Set(object);
}

void api_subtransaction(Callback info) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  if (info.Length() < 1 || !info[0]->IsFunction()) {
    throw_error(ERRCODE_INVALID_PARAMETER_VALUE, "plv8.subtransaction expects a function");
    return;
  }
  // The connection must belong to the outer level, which outlives the subtransaction.
  if (!connect(frame)) return;
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

void install_plan_templates(Runtime *runtime, Isolate *isolate) {
  struct Method {
    const char *name;
    v8::FunctionCallback callback;
  };
  auto make = [isolate](const char *name, std::initializer_list<Method> methods) {
    Local<v8::FunctionTemplate> type = v8::FunctionTemplate::New(isolate);
    type->SetClassName(js_name(isolate, name));
    type->InstanceTemplate()->SetInternalFieldCount(1);
    Local<v8::Signature> receiver = v8::Signature::New(isolate, type);
    for (const Method &method : methods)
      type->PrototypeTemplate()->Set(
          isolate, method.name, v8::FunctionTemplate::New(isolate, method.callback, Local<Value>(), receiver));
    return type;
  };
  runtime->plan_template.Reset(
      isolate, make("PreparedPlan", {{"execute", plan_execute}, {"cursor", plan_cursor}, {"free", plan_free}}));
  runtime->cursor_template.Reset(
      isolate, make("Cursor", {{"fetch", cursor_fetch}, {"move", cursor_move}, {"close", cursor_close}}));
}

void free_plans(Runtime *runtime) {
  for (auto &entry : runtime->cached_plans) free_plan(entry.second);
  runtime->cached_plans.clear();
  for (Plan *plan : runtime->prepared_plans) {
    plan->object.Reset();
    free_plan(plan);
  }
  runtime->prepared_plans.clear();
  free_dead_plans(runtime);
}

}  // namespace plv8
