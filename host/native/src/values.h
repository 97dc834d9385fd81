// Conversions between SQL values and JavaScript values.
#pragma once

#include "runtime.h"

namespace plv8 {

enum class Kind : uint8_t {
  boolean, int2, int4, int8, float4, float8, numeric, oid, text, bytea, date, timestamp, json, jsonb,
  array, typed_array, composite, none, other,
};

constexpr double kMillisecondsPerDay = 86400000.0;
// 1970-01-01 to 2000-01-01, PostgreSQL's epoch.
constexpr double kEpochMilliseconds = 946684800000.0;

// What a conversion needs to know about a SQL type. Made once per type and backend, never freed.
struct TypeInfo {
  Oid oid;
  Oid base;          // the type under a domain, else oid
  Kind kind;
  bool domain;       // results are checked with domain_check
  bool byval;
  char align;
  int16 length;
  int32 typmod;      // of the type under a domain
  Oid io_parameter;
  FmgrInfo input;
  FmgrInfo output;
  TypeInfo *element; // arrays
  void *domain_extra;
};

// Finds a type's description; raises PostgreSQL errors.
TypeInfo *type_info(Oid oid);

// The same for use under JavaScript: null after a JavaScript exception.
TypeInfo *js_type_info(Oid oid);

// SQL to JavaScript. False after a JavaScript exception.
bool value_to_js(TypeInfo *type, Datum datum, Local<Value> *value);

// JavaScript to SQL, allocated in the current memory context; null and undefined must be handled by the caller.
// A typmod of -1 is no modifier. False after a JavaScript exception.
bool value_to_datum(TypeInfo *type, int32 typmod, Local<Value> value, Datum *datum);

// The same with NULL: null and undefined become NULL (checked against domains that forbid it).
bool nullable_to_datum(TypeInfo *type, int32 typmod, Local<Value> value, Datum *datum, bool *is_null);

// Arrays (arrays.cc).
bool array_to_js(TypeInfo *type, Datum datum, Local<Value> *value);
bool typed_array_to_js(TypeInfo *type, Datum datum, Local<Value> *value);
bool array_to_datum(TypeInfo *type, Local<Value> value, Datum *datum);
bool is_array_like(Local<Value> value);

// A detoasted copy of, or the pointer to, a varlena. Null after a JavaScript exception.
struct varlena *detoast(Datum datum, bool packed);

// Text of the server's encoding to a JavaScript string. Empty after a JavaScript exception.
MaybeLocal<v8::String> text_to_js(const char *text, size_t size);

// A palloc'd, terminated string in the server's encoding; rejects NUL characters. Null after an exception.
char *string_to_server(Local<v8::String> text, size_t *size = nullptr);

}  // namespace plv8
