// What conversions need to know about each SQL type.
#include "values.h"

#include <cstring>

#include "errors.h"

namespace plv8 {

namespace {

// A domain over an array that asks for a JavaScript typed array.
bool is_typed_array_domain(const char *name) {
  static const char *const kNames[] = {"plv8_int2array", "plv8_int4array", "plv8_int8array", "plv8_float4array",
                                       "plv8_float8array"};
  for (const char *known : kNames)
    if (strcmp(name, known) == 0) return true;
  return false;
}

Kind kind_of(Oid base, char category, Oid element) {
  switch (base) {
    case BOOLOID: return Kind::boolean;
    case INT2OID: return Kind::int2;
    case INT4OID: return Kind::int4;
    case INT8OID: return Kind::int8;
    case FLOAT4OID: return Kind::float4;
    case FLOAT8OID: return Kind::float8;
    case NUMERICOID: return Kind::numeric;
    case OIDOID: return Kind::oid;
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID: return Kind::text;
    case BYTEAOID: return Kind::bytea;
    case DATEOID: return Kind::date;
    case TIMESTAMPOID:
    case TIMESTAMPTZOID: return Kind::timestamp;
    case JSONOID: return Kind::json;
    case JSONBOID: return Kind::jsonb;
    case VOIDOID: return Kind::none;
    case RECORDOID: return Kind::composite;
    default: break;
  }
  if (OidIsValid(element)) return Kind::array;
  return category == TYPTYPE_COMPOSITE ? Kind::composite : Kind::other;
}

}  // namespace

TypeInfo *type_info(Oid oid) {
  static auto *types = new std::unordered_map<Oid, TypeInfo *>;
  auto found = types->find(oid);
  if (found != types->end()) return found->second;
  auto *type = static_cast<TypeInfo *>(MemoryContextAllocZero(TopMemoryContext, sizeof(TypeInfo)));
  type->oid = oid;
  type->typmod = -1;
  type->base = getBaseTypeAndTypmod(oid, &type->typmod);
  type->domain = type->base != oid;
  Oid element = get_element_type(type->base);
  type->kind = kind_of(type->base, get_typtype(type->base), element);
  get_typlenbyvalalign(type->base, &type->length, &type->byval, &type->align);
  if (type->kind != Kind::none) {
    Oid function;
    bool varlena;
    getTypeInputInfo(type->base, &function, &type->io_parameter);
    fmgr_info_cxt(function, &type->input, TopMemoryContext);
    getTypeOutputInfo(type->base, &function, &varlena);
    fmgr_info_cxt(function, &type->output, TopMemoryContext);
  }
  if (OidIsValid(element)) {
    type->element = type_info(element);
    if (type->domain) {
      HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(oid));
      if (HeapTupleIsValid(tuple)) {
        const char *name = NameStr((reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple)))->typname);
        if (is_typed_array_domain(name)) type->kind = Kind::typed_array;
        ReleaseSysCache(tuple);
      }
    }
  }
  types->emplace(oid, type);
  return type;
}

TypeInfo *js_type_info(Oid oid) {
  TypeInfo *type = nullptr;
  ErrorData *error = pg_try([&] { type = type_info(oid); });
  if (error != nullptr) throw_postgres_error(error, Catchable::no);
  return type;
}

}  // namespace plv8
