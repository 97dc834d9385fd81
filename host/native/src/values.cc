#include "values.h"

#include <cmath>
#include <cstring>

#include "errors.h"
#include "limits.h"
#include "rows.h"

namespace plv8 {

namespace {

constexpr double kMillisecondsPerDay = 86400000.0;
// 1970-01-01 to 2000-01-01, PostgreSQL's epoch.
constexpr double kEpochMilliseconds = 946684800000.0;

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

bool no_value(const char *expected, Local<Value> value) {
  std::string got = server_text(Isolate::GetCurrent(), value);
  if (got.size() > 60) got = got.substr(0, 60) + "...";
  throw_format(ERRCODE_INVALID_TEXT_REPRESENTATION, "expected %s, got \"%s\"", expected, got.c_str());
  return false;
}

bool out_of_range(const char *type, Local<Value> value) {
  std::string got = server_text(Isolate::GetCurrent(), value);
  throw_format(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value \"%s\" is out of range for type %s", got.c_str(), type);
  return false;
}

bool text_input(TypeInfo *type, int32 typmod, Local<Value> value, Datum *datum) {
  Local<v8::String> text;
  if (!value->ToString(Isolate::GetCurrent()->GetCurrentContext()).ToLocal(&text)) return false;
  char *input = string_to_server(text);
  if (input == nullptr) return false;
  ErrorData *error = pg_try([&] { *datum = InputFunctionCall(&type->input, input, type->io_parameter, typmod); });
  if (error == nullptr) return true;
  throw_postgres_error(error, Catchable::no);
  return false;
}

// Numbers, BigInts and booleans for an integer type of the given bounds. `handled` is false for other values.
bool integer_value(Local<Value> value, double low, double high, const char *name, int64 *result, bool *handled) {
  *handled = true;
  double number;
  if (value->IsNumber()) {
    number = value.As<v8::Number>()->Value();
  } else if (value->IsBoolean()) {
    number = value.As<v8::Boolean>()->Value() ? 1 : 0;
  } else if (value->IsBigInt()) {
    bool lossless = false;
    *result = value.As<v8::BigInt>()->Int64Value(&lossless);
    bool fits = lossless && static_cast<double>(*result) >= low && static_cast<double>(*result) <= high;
    return fits || out_of_range(name, value);
  } else {
    *handled = false;
    return true;
  }
  if (!(number >= low && number <= high)) return out_of_range(name, value);
  if (number != std::trunc(number)) return no_value("an integer", value);
  // 2^63 passes the comparison above as a double but is no int64.
  if (number >= 9223372036854775808.0) return out_of_range(name, value);
  *result = static_cast<int64>(number);
  return true;
}

bool integer_to_datum(TypeInfo *type, int32 typmod, Local<Value> value, Datum *datum) {
  int64 result = 0;
  bool handled = false;
  bool ok = true;
  switch (type->kind) {
    case Kind::int2: ok = integer_value(value, PG_INT16_MIN, PG_INT16_MAX, "smallint", &result, &handled); break;
    case Kind::int4: ok = integer_value(value, PG_INT32_MIN, PG_INT32_MAX, "integer", &result, &handled); break;
    case Kind::oid: ok = integer_value(value, 0, PG_UINT32_MAX, "oid", &result, &handled); break;
    default: ok = integer_value(value, -9223372036854775808.0, 9223372036854775808.0, "bigint", &result, &handled);
  }
  if (!ok) return false;
  if (!handled) return text_input(type, typmod, value, datum);
  switch (type->kind) {
    case Kind::int2: *datum = Int16GetDatum(static_cast<int16>(result)); break;
    case Kind::int4: *datum = Int32GetDatum(static_cast<int32>(result)); break;
    case Kind::oid: *datum = ObjectIdGetDatum(static_cast<Oid>(result)); break;
    default: *datum = Int64GetDatum(result);
  }
  return true;
}

bool float_to_datum(TypeInfo *type, int32 typmod, Local<Value> value, Datum *datum) {
  if (!value->IsNumber()) return text_input(type, typmod, value, datum);
  double number = value.As<v8::Number>()->Value();
  if (type->kind == Kind::float8) {
    *datum = Float8GetDatum(number);
    return true;
  }
  float narrow = static_cast<float>(number);
  if (std::isinf(narrow) && !std::isinf(number)) return out_of_range("real", value);
  *datum = Float4GetDatum(narrow);
  return true;
}

bool bytes_to_datum(TypeInfo *type, Local<Value> value, Datum *datum) {
  size_t size;
  if (value->IsArrayBufferView()) size = value.As<v8::ArrayBufferView>()->ByteLength();
  else if (value->IsArrayBuffer()) size = value.As<v8::ArrayBuffer>()->ByteLength();
  else return text_input(type, -1, value, datum);
  auto *bytes = static_cast<struct varlena *>(js_palloc(size + VARHDRSZ));
  if (bytes == nullptr) return false;
  SET_VARSIZE(bytes, size + VARHDRSZ);
  if (value->IsArrayBufferView()) value.As<v8::ArrayBufferView>()->CopyContents(VARDATA(bytes), size);
  else memcpy(VARDATA(bytes), value.As<v8::ArrayBuffer>()->GetBackingStore()->Data(), size);
  *datum = PointerGetDatum(bytes);
  return true;
}

bool text_to_datum(Local<Value> value, Datum *datum) {
  Local<v8::String> text;
  if (!value->ToString(Isolate::GetCurrent()->GetCurrentContext()).ToLocal(&text)) return false;
  Isolate *isolate = Isolate::GetCurrent();
  if (GetDatabaseEncoding() != PG_UTF8) {
    char *server = string_to_server(text);
    if (server == nullptr) return false;
    size_t size = strlen(server);
    auto *bytes = static_cast<struct varlena *>(js_palloc(size + VARHDRSZ));
    if (bytes == nullptr) return false;
    SET_VARSIZE(bytes, size + VARHDRSZ);
    memcpy(VARDATA(bytes), server, size);
    *datum = PointerGetDatum(bytes);
    return true;
  }
  size_t size = utf8_length(isolate, text);
  auto *bytes = static_cast<struct varlena *>(js_palloc(size + VARHDRSZ));
  if (bytes == nullptr) return false;
  SET_VARSIZE(bytes, size + VARHDRSZ);
  write_utf8(isolate, text, VARDATA(bytes), size);
  if (memchr(VARDATA(bytes), '\0', size) != nullptr) {
    throw_error(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE, "invalid byte sequence for encoding \"UTF8\": 0x00");
    return false;
  }
  *datum = PointerGetDatum(bytes);
  return true;
}

bool json_to_datum(TypeInfo *type, Local<Value> value, Datum *datum) {
  Local<Context> context = Isolate::GetCurrent()->GetCurrentContext();
  Local<v8::String> text;
  if (!v8::JSON::Stringify(context, value).ToLocal(&text)) return false;
  if (value->IsFunction() || value->IsSymbol()) return no_value("a value that JSON can express", value);
  char *input = string_to_server(text);
  if (input == nullptr) return false;
  ErrorData *error = pg_try([&] { *datum = InputFunctionCall(&type->input, input, type->io_parameter, -1); });
  if (error == nullptr) return true;
  throw_postgres_error(error, Catchable::no);
  return false;
}

bool date_to_datum(TypeInfo *type, int32 typmod, Local<Value> value, Datum *datum) {
  if (!value->IsDate()) return text_input(type, typmod, value, datum);
  double milliseconds = value.As<v8::Date>()->ValueOf();
  if (std::isnan(milliseconds)) {
    throw_error(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "an invalid Date is no SQL date");
    return false;
  }
  double since = milliseconds - kEpochMilliseconds;
  if (type->kind == Kind::date) {
    auto days = static_cast<DateADT>(std::floor(since / kMillisecondsPerDay));
    if (!IS_VALID_DATE(days)) return out_of_range("date", value);
    *datum = DateADTGetDatum(days);
    return true;
  }
  Timestamp stamp = static_cast<Timestamp>(since) * 1000;
  if (!IS_VALID_TIMESTAMP(stamp)) return out_of_range("timestamp", value);
  if (typmod >= 0) {
    ErrorData *error = pg_try([&] { round_timestamp(&stamp, typmod); });
    if (error != nullptr) {
      throw_postgres_error(error, Catchable::no);
      return false;
    }
  }
  *datum = TimestampGetDatum(stamp);
  return true;
}

bool base_to_datum(TypeInfo *type, int32 typmod, Local<Value> value, Datum *datum) {
  switch (type->kind) {
    case Kind::boolean:
      if (value->IsString()) return text_input(type, typmod, value, datum);
      *datum = BoolGetDatum(value->BooleanValue(Isolate::GetCurrent()));
      return true;
    case Kind::int2:
    case Kind::int4:
    case Kind::int8:
    case Kind::oid: return integer_to_datum(type, typmod, value, datum);
    case Kind::float4:
    case Kind::float8: return float_to_datum(type, typmod, value, datum);
    case Kind::text:
      // varchar(n) and char(n) check and pad in their input functions.
      return typmod >= 0 || type->base == BPCHAROID ? text_input(type, typmod, value, datum)
                                                    : text_to_datum(value, datum);
    case Kind::bytea: return bytes_to_datum(type, value, datum);
    case Kind::date:
    case Kind::timestamp: return date_to_datum(type, typmod, value, datum);
    case Kind::json:
    case Kind::jsonb: return json_to_datum(type, value, datum);
    case Kind::array:
    case Kind::typed_array:
      return is_array_like(value) ? array_to_datum(type, value, datum) : text_input(type, typmod, value, datum);
    case Kind::composite: return object_to_row(type, value, datum);
    case Kind::none: *datum = 0; return true;
    case Kind::numeric:
    case Kind::other: return text_input(type, typmod, value, datum);
  }
  return false;
}

bool through_text(TypeInfo *type, Datum datum, Local<v8::String> *text) {
  char *output = nullptr;
  ErrorData *error = pg_try([&] { output = OutputFunctionCall(&type->output, datum); });
  if (error != nullptr) {
    throw_postgres_error(error, Catchable::no);
    return false;
  }
  bool ok = text_to_js(output, strlen(output)).ToLocal(text);
  pfree(output);
  return ok;
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

MaybeLocal<v8::String> text_to_js(const char *text, size_t size) {
  Isolate *isolate = Isolate::GetCurrent();
  char *converted = nullptr;
  if (GetDatabaseEncoding() != PG_UTF8) {
    ErrorData *error = pg_try([&] { converted = pg_server_to_any(text, static_cast<int>(size), PG_UTF8); });
    if (error != nullptr) {
      throw_postgres_error(error, Catchable::no);
      return {};
    }
    if (converted != text) size = strlen(converted);
    text = converted;
  }
  if (size > static_cast<size_t>(v8::String::kMaxLength)) {
    throw_format(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "a text of %zu bytes is longer than a JavaScript string may be", size);
    return {};
  }
  return v8::String::NewFromUtf8(isolate, text, v8::NewStringType::kNormal, static_cast<int>(size));
}

char *string_to_server(Local<v8::String> text, size_t *length) {
  Isolate *isolate = Isolate::GetCurrent();
  size_t size = utf8_length(isolate, text);
  char *utf8 = static_cast<char *>(js_palloc(size + 1));
  if (utf8 == nullptr) return nullptr;
  write_utf8(isolate, text, utf8, size);
  utf8[size] = '\0';
  if (memchr(utf8, '\0', size) != nullptr) {
    throw_error(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE, "invalid byte sequence for encoding \"UTF8\": 0x00");
    return nullptr;
  }
  char *result = utf8;
  if (GetDatabaseEncoding() != PG_UTF8) {
    ErrorData *error = pg_try([&] { result = pg_any_to_server(utf8, static_cast<int>(size), PG_UTF8); });
    if (error != nullptr) {
      throw_postgres_error(error, Catchable::no);
      return nullptr;
    }
    size = strlen(result);
  }
  if (length != nullptr) *length = size;
  return result;
}

struct varlena *detoast(Datum datum, bool packed) {
  auto *pointer = reinterpret_cast<struct varlena *>(DatumGetPointer(datum));
  bool stored_elsewhere = VARATT_IS_COMPRESSED(pointer) || VARATT_IS_EXTERNAL(pointer);
  if (packed ? !stored_elsewhere : !VARATT_IS_EXTENDED(pointer)) return pointer;
  struct varlena *plain = nullptr;
  ErrorData *error = pg_try([&] { plain = packed ? pg_detoast_datum_packed(pointer) : pg_detoast_datum(pointer); });
  if (error != nullptr) throw_postgres_error(error, Catchable::no);
  return plain;
}

bool value_to_js(TypeInfo *type, Datum datum, Local<Value> *value) {
  Isolate *isolate = Isolate::GetCurrent();
  Local<v8::String> text;
  switch (type->kind) {
    case Kind::boolean: *value = v8::Boolean::New(isolate, DatumGetBool(datum)); return true;
    case Kind::int2: *value = v8::Integer::New(isolate, DatumGetInt16(datum)); return true;
    case Kind::int4: *value = v8::Integer::New(isolate, DatumGetInt32(datum)); return true;
    case Kind::oid: *value = v8::Integer::NewFromUnsigned(isolate, DatumGetObjectId(datum)); return true;
    case Kind::int8: *value = v8::BigInt::New(isolate, DatumGetInt64(datum)); return true;
    case Kind::float4: *value = v8::Number::New(isolate, static_cast<double>(DatumGetFloat4(datum))); return true;
    case Kind::float8: *value = v8::Number::New(isolate, DatumGetFloat8(datum)); return true;
    case Kind::numeric: {
      if (!through_text(type, datum, &text)) return false;
      return text->ToNumber(isolate->GetCurrentContext()).ToLocal(reinterpret_cast<Local<v8::Number> *>(value));
    }
    case Kind::text: {
      struct varlena *bytes = detoast(datum, true);
      if (bytes == nullptr || !text_to_js(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)).ToLocal(&text)) return false;
      *value = text;
      return true;
    }
    case Kind::bytea: {
      struct varlena *bytes = detoast(datum, true);
      if (bytes == nullptr) return false;
      size_t size = VARSIZE_ANY_EXHDR(bytes);
      Local<v8::ArrayBuffer> buffer;
      if (!new_array_buffer(current_frame->runtime, size).ToLocal(&buffer)) return false;
      memcpy(buffer->GetBackingStore()->Data(), VARDATA_ANY(bytes), size);
      *value = v8::Uint8Array::New(buffer, 0, size);
      return true;
    }
    case Kind::date:
    case Kind::timestamp: {
      double milliseconds;
      if (type->kind == Kind::date) {
        DateADT days = DatumGetDateADT(datum);
        milliseconds = DATE_NOT_FINITE(days) ? NAN : days * kMillisecondsPerDay + kEpochMilliseconds;
      } else {
        Timestamp stamp = DatumGetTimestamp(datum);
        // Whole milliseconds first, rounded down: a far year has more microseconds than a double can count.
        int64 whole = stamp / 1000 - (stamp % 1000 < 0 ? 1 : 0);
        milliseconds = TIMESTAMP_NOT_FINITE(stamp) ? NAN : static_cast<double>(whole) + kEpochMilliseconds;
      }
      return v8::Date::New(isolate->GetCurrentContext(), milliseconds).ToLocal(value);
    }
    case Kind::json: {
      struct varlena *bytes = detoast(datum, true);
      if (bytes == nullptr || !text_to_js(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)).ToLocal(&text)) return false;
      return v8::JSON::Parse(isolate->GetCurrentContext(), text).ToLocal(value);
    }
    case Kind::jsonb:
      return through_text(type, datum, &text) && v8::JSON::Parse(isolate->GetCurrentContext(), text).ToLocal(value);
    case Kind::array: return array_to_js(type, datum, value);
    case Kind::typed_array: return typed_array_to_js(type, datum, value);
    case Kind::composite: return row_to_object(datum, value);
    case Kind::none: *value = v8::Undefined(isolate); return true;
    case Kind::other:
      if (!through_text(type, datum, &text)) return false;
      *value = text;
      return true;
  }
  return false;
}

bool value_to_datum(TypeInfo *type, int32 typmod, Local<Value> value, Datum *datum) {
  if (!type->domain) return base_to_datum(type, typmod, value, datum);
  if (!base_to_datum(type, type->typmod, value, datum)) return false;
  ErrorData *error =
      pg_try([&] { domain_check(*datum, false, type->oid, &type->domain_extra, TopMemoryContext); });
  if (error == nullptr) return true;
  throw_postgres_error(error, Catchable::no);
  return false;
}

bool nullable_to_datum(TypeInfo *type, int32 typmod, Local<Value> value, Datum *datum, bool *is_null) {
  *is_null = value->IsNullOrUndefined();
  if (!*is_null) return value_to_datum(type, typmod, value, datum);
  *datum = 0;
  if (!type->domain) return true;
  ErrorData *error = pg_try([&] { domain_check(0, true, type->oid, &type->domain_extra, TopMemoryContext); });
  if (error == nullptr) return true;
  throw_postgres_error(error, Catchable::no);
  return false;
}

}  // namespace plv8
