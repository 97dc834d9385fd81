// plv8.prepare, and the class of what it returns.
#include "spi_internal.h"

namespace plv8 {

namespace {

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

void plan_execute(Callback info) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  Plan *plan = plan_of(info);
  bool ok = true;
  if (plan == nullptr || !connect_spi(frame)) return;
  std::vector<Local<Value>> values = statement_arguments(info, 0, &ok);
  ScratchMemory scratch(frame);
  if (!ok || !scratch.ok()) return;
  Local<Value> result;
  if (in_savepoint(frame, [&] { return run_plan(frame, plan, values, &result); })) info.GetReturnValue().Set(result);
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
  forget_statement(plan);
}

}  // namespace

Plan *plan_of(Callback info) {
  Plan *plan = known_plan(info);
  if (plan == nullptr || plan->spi == nullptr) {
    throw_error(ERRCODE_INVALID_SQL_STATEMENT_NAME, "the prepared plan has been freed");
    return nullptr;
  }
  return plan;
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
  if (!info[0]->ToString(context).ToLocal(&text) || !connect_spi(frame)) return;
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
  std::vector<Oid> given(names.size(), InvalidOid);
  auto *plan = new Plan;
  plan->runtime = runtime;
  ok = in_savepoint(frame, [&] {
    return fail_with(run_postgres([&] {
      for (size_t i = 0; i < names.size(); ++i) given[i] = parse_type_name(names[i]);
      prepare_plan(plan, sql, given);
    }));
  });
  Local<Object> object;
  if (!ok) {
    forget_statement(plan);
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

}  // namespace plv8
