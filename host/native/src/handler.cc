// The entry points that PostgreSQL calls. They own no C++ object when they raise an error.

#include <cstring>

#include "api.h"
#include "errors.h"
#include "functions.h"
#include "lifecycle.h"
#include "limits.h"
#include "rows.h"
#include "spi.h"
#include "trigger.h"
#include "window.h"

namespace plv8 {

namespace {

// Runs `body` with the frame's isolate and context entered. Returns the error to raise, or null.
template <class Body>
ErrorData *in_javascript(Frame *frame, Body &&body) {
  Runtime *runtime = frame->runtime;
  Isolate *isolate = runtime->isolate;
  Isolate::Scope isolate_scope(isolate);
  HandleScope scope(isolate);
  Context::Scope context_scope(runtime->context.Get(isolate));
  TryCatch attempt(isolate);
  RunningJavaScript running(runtime);
  bool ok = body(isolate);
  if (ok && frame->fatal == nullptr && !runtime->condemned) return nullptr;
  ErrorData *error = error_of_frame(frame, attempt);
  if (!runtime->condemned) isolate->CancelTerminateExecution();
  return error;
}

bool call_function(Frame *frame, CallSite *site, FunctionCallInfo fcinfo, Local<Value> *value) {
  Isolate *isolate = frame->runtime->isolate;
  constexpr int kUsual = 8;
  Local<Value> usual[kUsual];
  std::vector<Local<Value>> many;
  Local<Value> *arguments = usual;
  int count = site->argument_count;
  if (count > kUsual) {
    many.resize(static_cast<size_t>(count));
    arguments = many.data();
  }
  if (site->is_window && !window_arguments(site, fcinfo, arguments)) return false;
  for (int i = 0; i < count && !site->is_window; ++i) {
    if (fcinfo->args[i].isnull) arguments[i] = v8::Null(isolate);
    else if (!value_to_js(site->arguments[i], fcinfo->args[i].value, &arguments[i])) return false;
  }
  Local<Context> context = isolate->GetCurrentContext();
  return site->compiled->function.Get(isolate)->Call(context, context->Global(), count, arguments).ToLocal(value);
}

bool return_set(Frame *frame, CallSite *site, FunctionCallInfo fcinfo) {
  ErrorData *error = pg_try([&] { begin_set(frame, fcinfo, !site->composite); });
  if (error != nullptr) {
    throw_postgres_error(error, Catchable::no);
    return false;
  }
  frame->out_name = site->out_name;
  Local<Value> value;
  if (!call_function(frame, site, fcinfo, &value)) return false;
  if (value->IsNullOrUndefined()) return true;
  if (!value->IsArray()) return store_row(frame, value, false);
  Isolate *isolate = frame->runtime->isolate;
  Local<v8::Array> rows = value.As<v8::Array>();
  for (uint32_t i = 0; i < rows->Length(); ++i) {
    if (!serve_interrupts(frame->runtime)) return false;
    HandleScope scope(isolate);
    Local<Value> row;
    if (!rows->Get(isolate->GetCurrentContext(), i).ToLocal(&row) || !store_row(frame, row, false)) return false;
  }
  return true;
}

bool return_composite(FunctionCallInfo fcinfo, Local<Value> value, Datum *result) {
  TupleDesc desc = nullptr;
  TypeInfo *domain = nullptr;
  ErrorData *error = pg_try([&] {
    Oid type = InvalidOid;
    TypeFuncClass result_class = get_call_result_type(fcinfo, &type, &desc);
    if (desc == nullptr)
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("function returning record called in context that cannot accept type record")));
    if (result_class == TYPEFUNC_COMPOSITE_DOMAIN) domain = type_info(type);
  });
  if (error != nullptr) {
    throw_postgres_error(error, Catchable::no);
    return false;
  }
  if (domain != nullptr) return value_to_datum(domain, -1, value, result);
  return object_to_tuple_datum(desc, value, result);
}

bool return_value(Frame *frame, CallSite *site, FunctionCallInfo fcinfo, Datum *result) {
  Local<Value> value;
  if (!call_function(frame, site, fcinfo, &value)) return false;
  InContext memory(frame->caller);
  if (!site->composite) {
    if (!unwrap_single_column(site->out_name, &value)) return false;
    if (site->result->kind == Kind::none) return true;
    return nullable_to_datum(site->result, -1, value, result, &fcinfo->isnull);
  }
  if (value->IsNullOrUndefined()) {
    fcinfo->isnull = true;
    return true;
  }
  return return_composite(fcinfo, value, result);
}

bool run_call(Frame *frame, FunctionCallInfo fcinfo, Datum *result) {
  CallSite *site = call_site(frame, fcinfo);
  if (site == nullptr) return false;
  frame->site = site;
  frame->function_name = site->name;
  frame->read_only = site->read_only;
  frame->nonatomic = fcinfo->context != nullptr && IsA(fcinfo->context, CallContext) &&
                     !castNode(CallContext, fcinfo->context)->atomic;
  fcinfo->isnull = false;
  if (site->is_trigger) return run_trigger(frame, site, fcinfo, result);
  if (!site->returns_set) return return_value(frame, site, fcinfo, result);
  fcinfo->isnull = true;
  return return_set(frame, site, fcinfo);
}

bool run_inline(Frame *frame, InlineCodeBlock *block) {
  Isolate *isolate = frame->runtime->isolate;
  Local<Context> context = isolate->GetCurrentContext();
  frame->nonatomic = !block->atomic;
  frame->function_name = "inline_code_block";
  Local<v8::Function> function;
  return compile_source(context, "inline_code_block", block->source_text, {}, &function) &&
         !function->Call(context, context->Global(), 0, nullptr).IsEmpty();
}

// Pseudo-types that a plv8 function may have: polymorphic ones, and internal for functions that only other
// JavaScript may find (plv8.find_function). Raises PostgreSQL errors.
void check_signature(Oid function) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", function);
  auto form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
  Oid result = form->prorettype;
  Oid refused = InvalidOid;
  if (get_typtype(result) == TYPTYPE_PSEUDO && result != TRIGGEROID && result != RECORDOID && result != VOIDOID &&
      result != INTERNALOID && !IsPolymorphicType(result))
    refused = result;
  for (int i = 0; i < form->pronargs; ++i) {
    Oid type = form->proargtypes.values[i];
    if (get_typtype(type) == TYPTYPE_PSEUDO && type != INTERNALOID && type != RECORDOID && !IsPolymorphicType(type))
      refused = type;
  }
  ReleaseSysCache(tuple);
  if (OidIsValid(refused))
    ereport(ERROR, (errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
                    errmsg("plv8 functions cannot use type %s", format_type_be(refused))));
}

// Raises an error after the frame has ended.
void finish(Frame *frame, ErrorData *error) {
  end_frame(frame);
  if (error != nullptr) {
    // Whoever catches it restores the stack of callbacks.
    if (frame->context_complete) error_context_stack = nullptr;
    ThrowErrorData(error);
  }
  // An interrupt that arrived while JavaScript was finishing must not wait for the next statement.
  CHECK_FOR_INTERRUPTS();
}

void run_start_proc(Runtime *runtime);

// Enters a frame; the first one of a runtime runs plv8.start_proc before anything else.
void begin(Frame *frame, FunctionCallInfo fcinfo) {
  begin_frame(frame, fcinfo);
  if (!frame->runtime->started) {
    frame->runtime->started = true;
    if (start_proc != nullptr && start_proc[0] != '\0') {
      Runtime *runtime = frame->runtime;
      end_frame(frame);
      run_start_proc(runtime);
      begin_frame(frame, fcinfo);
    }
  }
}

// Who may set plv8.start_proc is a superuser; whose function it names must be the role itself or a superuser, for
// it runs with the role's privileges, those of SECURITY DEFINER owners included. Raises PostgreSQL errors.
void run_start_proc(Runtime *runtime) {
  Oid function = find_function_oid(start_proc);
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", function);
  Oid owner = (reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple)))->proowner;
  ReleaseSysCache(tuple);
  if (owner != runtime->role && !superuser_arg(owner)) {
    runtime->started = false;
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("plv8.start_proc names function %s, which neither this role nor a superuser owns", start_proc)));
  }
  Frame frame;
  begin_frame(&frame, nullptr);
  ErrorData *error = in_javascript(&frame, [&](Isolate *isolate) {
    Local<v8::Function> body;
    Local<Context> context = isolate->GetCurrentContext();
    return compiled_function(frame.runtime, function, &body) &&
           !body->Call(context, context->Global(), 0, nullptr).IsEmpty();
  });
  if (error != nullptr) runtime->started = false;
  finish(&frame, error);
}

}  // namespace

}  // namespace plv8

extern "C" {

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);
PG_FUNCTION_INFO_V1(plv8_call_handler);
PG_FUNCTION_INFO_V1(plv8_inline_handler);
PG_FUNCTION_INFO_V1(plv8_call_validator);
PG_FUNCTION_INFO_V1(plv8_version);
PG_FUNCTION_INFO_V1(plv8_reset);
PG_FUNCTION_INFO_V1(plv8_info);

// Also runs in the postmaster under shared_preload_libraries: no V8, no thread starts here.
void _PG_init(void) {
  plv8::define_settings();
  plv8::watch_catalog();
}

Datum plv8_call_handler(PG_FUNCTION_ARGS) {
  plv8::Frame frame;
  Datum result = 0;
  plv8::begin(&frame, fcinfo);
  ErrorData *error =
      plv8::in_javascript(&frame, [&](v8::Isolate *) { return plv8::run_call(&frame, fcinfo, &result); });
  plv8::finish(&frame, error);
  return result;
}

Datum plv8_inline_handler(PG_FUNCTION_ARGS) {
  plv8::Frame frame;
  auto *block = castNode(InlineCodeBlock, DatumGetPointer(PG_GETARG_DATUM(0)));
  plv8::begin(&frame, nullptr);
  ErrorData *error = plv8::in_javascript(&frame, [&](v8::Isolate *) { return plv8::run_inline(&frame, block); });
  plv8::finish(&frame, error);
  PG_RETURN_VOID();
}

Datum plv8_call_validator(PG_FUNCTION_ARGS) {
  Oid function = PG_GETARG_OID(0);
  if (!CheckFunctionValidatorAccess(fcinfo->flinfo->fn_oid, function)) PG_RETURN_VOID();
  plv8::check_signature(function);
  if (!check_function_bodies) PG_RETURN_VOID();
  plv8::Frame frame;
  plv8::begin_frame(&frame, nullptr);
  ErrorData *error = plv8::in_javascript(&frame, [&](v8::Isolate *) {
    v8::Local<v8::Function> compiled;
    return plv8::compiled_function(frame.runtime, function, &compiled);
  });
  plv8::finish(&frame, error);
  PG_RETURN_VOID();
}

Datum plv8_version(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  PG_RETURN_TEXT_P(cstring_to_text(plv8::kVersion));
}

// Without an argument, or with 'context' or 'isolate': the caller's JavaScript environment starts afresh.
Datum plv8_reset(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  plv8::retire_runtimes(GetUserId());
  PG_RETURN_VOID();
}

Datum plv8_info(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  std::string *json = plv8::describe_runtimes();
  text *result = nullptr;
  ErrorData *error = plv8::pg_try([&] { result = cstring_to_text(json->c_str()); });
  delete json;
  if (error != nullptr) ThrowErrorData(error);
  PG_RETURN_TEXT_P(result);
}

}  // extern "C"
