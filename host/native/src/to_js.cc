// SQL values to JavaScript values.
#include "values.h"

#include <cmath>
#include <cstring>

#include "errors.h"
#include "limits.h"
#include "rows.h"

namespace plv8 {

namespace {

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

}  // namespace plv8
