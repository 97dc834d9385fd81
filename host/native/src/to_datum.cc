// JavaScript values to SQL values.
#include "values.h"

#include <cmath>
#include <cstring>

#include "errors.h"
#include "limits.h"
#include "rows.h"

namespace plv8 {

namespace {

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

}  // namespace

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
