// Text between the server's encoding and JavaScript, and detoasting.
#include "values.h"

#include <cstring>

#include "errors.h"
#include "limits.h"

namespace plv8 {

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

}  // namespace plv8
