#include "functions.h"

#include <cctype>
#include <cstring>

#include "errors.h"

namespace plv8 {

uint64_t proc_generation = 1;

namespace {

constexpr const char *kTriggerParameters[] = {"NEW",     "OLD",           "TG_NAME",         "TG_WHEN", "TG_LEVEL", "TG_OP",
                                              "TG_RELID", "TG_TABLE_NAME", "TG_TABLE_SCHEMA", "TG_ARGV"};

// A copy of the parts of pg_proc's row that matter here. Allocated with palloc by read_procedure.
struct Procedure {
  Oid oid;
  TransactionId xmin;
  ItemPointerData tid;
  char *name;
  char *source;
  Oid result;
  char volatility;
  char kind;
  bool returns_set;
  int argument_count;    // input arguments
  Oid *argument_types;
  char **argument_names; // an entry may be empty
  const char *out_name;
};

void on_proc_change(Datum, int, uint32) { ++proc_generation; }

// Raises PostgreSQL errors.
void read_procedure(Oid oid, Procedure *procedure) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", oid);
  auto form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
  procedure->oid = oid;
  procedure->xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
  procedure->tid = tuple->t_self;
  procedure->name = pstrdup(NameStr(form->proname));
  procedure->result = form->prorettype;
  procedure->volatility = form->provolatile;
  procedure->kind = form->prokind;
  procedure->returns_set = form->proretset;
  bool is_null;
  Datum source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &is_null);
  if (is_null) elog(ERROR, "function %u has no source", oid);
  procedure->source = TextDatumGetCString(source);
  Oid *types;
  char **names;
  char *modes;
  int total = get_func_arg_info(tuple, &types, &names, &modes);
  procedure->argument_types = static_cast<Oid *>(palloc(static_cast<size_t>(total) * sizeof(Oid) + 1));
  procedure->argument_names = static_cast<char **>(palloc(static_cast<size_t>(total) * sizeof(char *) + 1));
  procedure->argument_count = 0;
  int outputs = 0;
  for (int i = 0; i < total; ++i) {
    char mode = modes != nullptr ? modes[i] : PROARGMODE_IN;
    const char *name = names != nullptr && names[i] != nullptr ? names[i] : "";
    if (mode == PROARGMODE_OUT || mode == PROARGMODE_INOUT || mode == PROARGMODE_TABLE) {
      procedure->out_name = ++outputs == 1 && name[0] != '\0' ? pstrdup(name) : nullptr;
      if (mode != PROARGMODE_INOUT) continue;
    }
    procedure->argument_types[procedure->argument_count] = types[i];
    procedure->argument_names[procedure->argument_count++] = pstrdup(name);
  }
  ReleaseSysCache(tuple);
}

bool is_identifier(const char *name) {
  if (*name == '\0' || isdigit(static_cast<unsigned char>(*name)) != 0) return false;
  for (const char *at = name; *at != '\0'; ++at) {
    auto letter = static_cast<unsigned char>(*at);
    if (isalnum(letter) == 0 && letter != '_' && letter != '$') return false;
  }
  return true;
}

std::vector<std::string> parameter_names(const Procedure &procedure) {
  if (procedure.result == TRIGGEROID) return {std::begin(kTriggerParameters), std::end(kTriggerParameters)};
  std::vector<std::string> names;
  for (int i = 0; i < procedure.argument_count; ++i) {
    const char *name = procedure.argument_names[i];
    names.push_back(is_identifier(name) ? name : "$" + std::to_string(i + 1));
  }
  return names;
}

CompiledFunction *compile(Runtime *runtime, const Procedure &procedure) {
  std::unique_ptr<CompiledFunction> &slot = runtime->functions[procedure.oid];
  if (slot == nullptr) slot = std::make_unique<CompiledFunction>();
  CompiledFunction *compiled = slot.get();
  ItemPointerData tid = procedure.tid;
  if (!compiled->function.IsEmpty() && compiled->xmin == procedure.xmin && ItemPointerEquals(&compiled->tid, &tid))
    return compiled;
  Isolate *isolate = runtime->isolate;
  HandleScope scope(isolate);
  Local<v8::Function> function;
  if (!compile_source(isolate->GetCurrentContext(), procedure.name, procedure.source, parameter_names(procedure),
                      &function))
    return nullptr;
  compiled->function.Reset(isolate, function);
  compiled->xmin = procedure.xmin;
  compiled->tid = procedure.tid;
  return compiled;
}

// The types of one call: polymorphic ones as the expression resolves them. Raises PostgreSQL errors.
CallSite *make_site(FunctionCallInfo fcinfo, const Procedure &procedure) {
  FmgrInfo *flinfo = fcinfo->flinfo;
  auto count = static_cast<size_t>(procedure.argument_count);
  auto *site = static_cast<CallSite *>(
      MemoryContextAllocZero(flinfo->fn_mcxt, offsetof(CallSite, arguments) + (count + 1) * sizeof(TypeInfo *)));
  site->argument_count = procedure.argument_count;
  site->returns_set = procedure.returns_set;
  site->is_trigger = procedure.result == TRIGGEROID;
  site->read_only = procedure.volatility != PROVOLATILE_VOLATILE;
  site->is_window = procedure.kind == PROKIND_WINDOW;
  site->name = MemoryContextStrdup(flinfo->fn_mcxt, procedure.name);
  if (procedure.out_name != nullptr) site->out_name = MemoryContextStrdup(flinfo->fn_mcxt, procedure.out_name);
  if (site->is_trigger) return site;
  for (int i = 0; i < procedure.argument_count; ++i) {
    Oid type = procedure.argument_types[i];
    if (IsPolymorphicType(type)) type = get_fn_expr_argtype(flinfo, i);
    if (!OidIsValid(type))
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("could not determine the actual type of argument %d of function %s", i + 1,
                             procedure.name)));
    site->arguments[i] = type_info(type);
  }
  Oid result = InvalidOid;
  TupleDesc desc;
  switch (get_call_result_type(fcinfo, &result, &desc)) {
    case TYPEFUNC_SCALAR: site->result = type_info(result); break;
    case TYPEFUNC_COMPOSITE:
    case TYPEFUNC_COMPOSITE_DOMAIN:
    case TYPEFUNC_RECORD: site->composite = true; break;
    default:
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("plv8 functions cannot return type %s", format_type_be(procedure.result))));
  }
  return site;
}

}  // namespace

void watch_catalog() { CacheRegisterSyscacheCallback(PROCOID, on_proc_change, 0); }

bool compile_source(Local<Context> context, const char *name, const char *source,
                    const std::vector<std::string> &parameters, Local<v8::Function> *result) {
  Isolate *isolate = context->GetIsolate();
  Local<v8::String> text;
  Local<v8::String> resource;
  if (!text_to_js(source, strlen(source)).ToLocal(&text) || !text_to_js(name, strlen(name)).ToLocal(&resource))
    return false;
  std::vector<Local<v8::String>> names;
  for (const std::string &parameter : parameters) names.push_back(js_name(isolate, parameter.c_str()));
  v8::ScriptCompiler::Source script(text, script_origin(isolate, resource));
  TryCatch attempt(isolate);
  if (v8::ScriptCompiler::CompileFunction(context, &script, names.size(), names.data()).ToLocal(result)) {
    (*result)->SetName(resource);
    return true;
  }
  if (attempt.HasCaught()) attempt.ReThrow();
  else throw_error(ERRCODE_SYNTAX_ERROR, "a parameter has a name that JavaScript does not allow");
  return false;
}

CallSite *call_site(Frame *frame, FunctionCallInfo fcinfo) {
  FmgrInfo *flinfo = fcinfo->flinfo;
  auto *site = static_cast<CallSite *>(flinfo->fn_extra);
  Runtime *runtime = frame->runtime;
  if (site != nullptr && site->generation == proc_generation && site->runtime_serial == runtime->serial) return site;
  Procedure procedure = {};
  uint64_t generation = 0;
  ErrorData *error = pg_try([&] {
    generation = proc_generation;
    read_procedure(flinfo->fn_oid, &procedure);
    // Types are those of the calling expression: a site keeps them for good.
    if (site == nullptr) site = make_site(fcinfo, procedure);
  });
  if (error != nullptr) {
    throw_postgres_error(error, Catchable::no);
    return nullptr;
  }
  site->compiled = compile(runtime, procedure);
  if (site->compiled == nullptr) return nullptr;
  site->generation = generation;
  site->runtime_serial = runtime->serial;
  flinfo->fn_extra = site;
  return site;
}

bool compiled_function(Runtime *runtime, Oid function, Local<v8::Function> *result) {
  Procedure procedure = {};
  ErrorData *error = pg_try([&] { read_procedure(function, &procedure); });
  if (error != nullptr) {
    throw_postgres_error(error, Catchable::no);
    return false;
  }
  CompiledFunction *compiled = compile(runtime, procedure);
  if (compiled != nullptr) *result = compiled->function.Get(runtime->isolate);
  return compiled != nullptr;
}

}  // namespace plv8
