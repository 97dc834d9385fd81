#include "api.h"

#include <cstring>

#include "errors.h"
#include "functions.h"
#include "lifecycle.h"
#include "limits.h"
#include "rows.h"
#include "spi.h"
#include "values.h"
#include "window.h"

namespace plv8 {

namespace {

struct Level {
  const char *name;
  int value;
};
constexpr Level kLevels[] = {{"DEBUG5", DEBUG5}, {"DEBUG4", DEBUG4}, {"DEBUG3", DEBUG3}, {"DEBUG2", DEBUG2},
                             {"DEBUG1", DEBUG1}, {"LOG", LOG},       {"INFO", INFO},     {"NOTICE", NOTICE},
                             {"WARNING", WARNING}, {"ERROR", ERROR}};

void api_elog(Callback info) {
  if (is_ending()) return;
  Isolate *isolate = info.GetIsolate();
  Local<Context> context = isolate->GetCurrentContext();
  int level = info.Length() > 0 && info[0]->IsNumber() ? info[0].As<v8::Int32>()->Value() : 0;
  bool known = false;
  for (const Level &entry : kLevels) known = known || entry.value == level;
  if (info.Length() < 2 || !known) {
    throw_error(ERRCODE_INVALID_PARAMETER_VALUE, "plv8.elog expects a level and a message", nullptr,
                "Levels are DEBUG5 to DEBUG1, LOG, INFO, NOTICE, WARNING and ERROR.");
    return;
  }
  std::string message;
  for (int i = 1; i < info.Length(); ++i) {
    Local<v8::String> text;
    if (!info[i]->ToString(context).ToLocal(&text)) return;
    if (i > 1) message += ' ';
    message += server_text(isolate, text);
  }
  if (level == ERROR) {
    throw_error(ERRCODE_INTERNAL_ERROR, message.c_str());
    return;
  }
  const char *text = message.c_str();
  ErrorData *error = pg_try([&] { ereport(level, (errmsg_internal("%s", text))); });
  if (error != nullptr) throw_postgres_error(error, Catchable::no);
}

// Calls a C function of PostgreSQL that turns a string into a quoted one.
template <class Quote>
void quote(Callback info, Quote &&function) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  Local<v8::String> text;
  ScratchMemory scratch(frame);
  if (!scratch.ok() || !info[0]->ToString(info.GetIsolate()->GetCurrentContext()).ToLocal(&text)) return;
  char *raw = string_to_server(text);
  if (raw == nullptr) return;
  const char *quoted = nullptr;
  ErrorData *error = pg_try([&] { quoted = function(raw); });
  if (error != nullptr) {
    throw_postgres_error(error, Catchable::no);
    return;
  }
  Local<v8::String> result;
  if (text_to_js(quoted, strlen(quoted)).ToLocal(&result)) info.GetReturnValue().Set(result);
}

void api_quote_literal(Callback info) {
  quote(info, [](char *raw) -> const char * { return quote_literal_cstr(raw); });
}

void api_quote_nullable(Callback info) {
  if (info[0]->IsNullOrUndefined()) info.GetReturnValue().Set(js_name(info.GetIsolate(), "NULL"));
  else api_quote_literal(info);
}

void api_quote_ident(Callback info) {
  quote(info, [](char *raw) -> const char * { return quote_identifier(raw); });
}

// Another plv8 function as a JavaScript function. It is called with JavaScript values and runs in this role's
// environment, so a SECURITY DEFINER function of another role or one with settings cannot be had this way.
void api_find_function(Callback info) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  Isolate *isolate = info.GetIsolate();
  Local<v8::String> text;
  ScratchMemory scratch(frame);
  if (!scratch.ok() || !info[0]->ToString(isolate->GetCurrentContext()).ToLocal(&text)) return;
  char *signature = string_to_server(text);
  if (signature == nullptr) return;
  Local<v8::Function> function;
  bool ok = in_savepoint(frame, [&] {
    Oid oid = InvalidOid;
    ErrorData *error = pg_try([&] {
      oid = find_function_oid(signature);
      HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
      if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", oid);
      auto form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
      Oid language = form->prolang;
      bool other_rights = form->prosecdef && form->proowner != GetUserId();
      ReleaseSysCache(tuple);
      if (!may_execute_function(oid, GetUserId()))
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("permission denied for function %s", signature)));
      if (language != get_language_oid("plv8", false))
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("%s is no plv8 function", signature)));
      if (other_rights)
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("%s is SECURITY DEFINER", signature),
                        errhint("Call it through plv8.execute.")));
    });
    if (error != nullptr) {
      throw_postgres_error(error, Catchable::yes);
      return false;
    }
    return compiled_function(frame->runtime, oid, &function);
  });
  if (ok) info.GetReturnValue().Set(function);
}

void api_return_next(Callback info) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  if (frame->store == nullptr) {
    throw_error(ERRCODE_FEATURE_NOT_SUPPORTED, "return_next called in context that cannot accept a set");
    return;
  }
  store_row(frame, info[0], true);
}

void api_memory_usage(Callback info) {
  Isolate *isolate = info.GetIsolate();
  Local<Context> context = isolate->GetCurrentContext();
  v8::HeapStatistics heap;
  isolate->GetHeapStatistics(&heap);
  const struct {
    const char *name;
    size_t value;
  } figures[] = {{"total_heap_size", heap.total_heap_size()},
                 {"total_physical_size", heap.total_physical_size()},
                 {"used_heap_size", heap.used_heap_size()},
                 {"heap_size_limit", heap.heap_size_limit()},
                 {"external_memory", heap.external_memory()},
                 {"number_of_native_contexts", heap.number_of_native_contexts()}};
  Local<Object> result = Object::New(isolate);
  for (const auto &figure : figures)
    result
        ->CreateDataProperty(context, js_name(isolate, figure.name),
                             v8::Number::New(isolate, static_cast<double>(figure.value)))
        .Check();
  info.GetReturnValue().Set(result);
}

// WebAssembly memory lives outside the heap: making or growing one checks the limit at once.
void api_check_memory(Callback) {
  if (!is_within_memory_limit(current_frame->runtime))
    throw_error(ERRCODE_OUT_OF_MEMORY, "JavaScript ran out of memory (plv8.memory_limit)");
}

// True stops V8 from making the instance.
bool before_wasm_instance(Callback) {
  if (is_within_memory_limit(current_frame->runtime)) return false;
  throw_error(ERRCODE_OUT_OF_MEMORY, "JavaScript ran out of memory (plv8.memory_limit)");
  return true;
}

// Runs in every new context before anything else can: WebAssembly.Memory reports its growth.
constexpr const char *kGuardWebAssembly = R"js(
const { construct, apply } = Reflect
const guarded = (target, run) => new Proxy(target, { [run]: (f, a, b) => {
  const result = run === "construct" ? construct(f, a, b) : apply(f, a, b)
  check()
  return result
} })
const Memory = WebAssembly.Memory
Memory.prototype.grow = guarded(Memory.prototype.grow, "apply")
WebAssembly.Memory = Memory.prototype.constructor = guarded(Memory, "construct")
)js";

}  // namespace

void install_api(Runtime *runtime, Local<Context> context) {
  Isolate *isolate = runtime->isolate;
  Local<Object> api = Object::New(isolate);
  const struct {
    const char *name;
    v8::FunctionCallback callback;
  } functions[] = {
      {"elog", api_elog},
      {"execute", api_execute},
      {"prepare", api_prepare},
      {"return_next", api_return_next},
      {"subtransaction", api_subtransaction},
      {"find_function", api_find_function},
      {"quote_literal", api_quote_literal},
      {"quote_nullable", api_quote_nullable},
      {"quote_ident", api_quote_ident},
      {"memory_usage", api_memory_usage},
      {"commit", api_commit},
      {"rollback", api_rollback},
      {"get_window_object", api_get_window_object},
  };
  for (const auto &entry : functions) {
    Local<v8::Function> function = v8::Function::New(context, entry.callback).ToLocalChecked();
    function->SetName(js_name(isolate, entry.name));
    api->CreateDataProperty(context, js_name(isolate, entry.name), function).Check();
  }
  api->CreateDataProperty(context, js_name(isolate, "version"), js_name(isolate, kVersion)).Check();
  api->CreateDataProperty(context, js_name(isolate, "v8_version"), js_name(isolate, v8::V8::GetVersion())).Check();
  Local<Object> global = context->Global();
  global->CreateDataProperty(context, js_name(isolate, "plv8"), api).Check();
  for (const Level &level : kLevels)
    global->CreateDataProperty(context, js_name(isolate, level.name), v8::Integer::New(isolate, level.value)).Check();
  install_plan_templates(runtime, isolate);
  install_window_template(runtime, isolate);

  Local<v8::Function> compiled;
  if (compile_source(context, "no_op", "", {}, &compiled)) runtime->no_op.Reset(isolate, compiled);
  isolate->SetWasmInstanceCallback(before_wasm_instance);
  Local<Value> check = v8::Function::New(context, api_check_memory).ToLocalChecked();
  if (compile_source(context, "guard", kGuardWebAssembly, {"check"}, &compiled))
    compiled->Call(context, v8::Undefined(isolate), 1, &check).ToLocalChecked();
}

std::string *describe_runtimes() {
  auto *json = new std::string("[");
  for (Runtime *runtime : all_runtimes()) {
    v8::HeapStatistics heap;
    runtime->isolate->GetHeapStatistics(&heap);
    char line[256];
    snprintf(line, sizeof line,
             "%s{\"role\":%u,\"total_heap_size\":%zu,\"used_heap_size\":%zu,\"heap_size_limit\":%zu,"
             "\"external_memory\":%zu,\"functions\":%zu}",
             json->size() > 1 ? "," : "", runtime->role, heap.total_heap_size(), heap.used_heap_size(),
             heap.heap_size_limit(), heap.external_memory(), runtime->functions.size());
    *json += line;
  }
  *json += "]";
  return json;
}

}  // namespace plv8
