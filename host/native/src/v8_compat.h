// Everything that differs between the V8 versions of distributions: 10.2 (libnode108), 11.3 (libnode115)
// and 13.6 (libnode137). No other file tests a V8 version.
#pragma once

#include <libplatform/libplatform.h>
#include <v8.h>

#define PLV8_V8_AT_LEAST(major, minor) \
  (V8_MAJOR_VERSION > (major) || (V8_MAJOR_VERSION == (major) && V8_MINOR_VERSION >= (minor)))

namespace plv8 {

inline v8::ScriptOrigin script_origin(v8::Isolate *isolate, v8::Local<v8::String> name) {
#if PLV8_V8_AT_LEAST(12, 0)
  (void)isolate;
  return v8::ScriptOrigin(name);
#else
  return v8::ScriptOrigin(isolate, name);
#endif
}

// Out-of-memory handlers got a details object in place of a flag.
#if PLV8_V8_AT_LEAST(11, 0)
using OomArgument = const v8::OOMDetails &;
#else
using OomArgument = bool;
#endif

// Number of bytes of a string in UTF-8, a lone surrogate counted as U+FFFD.
inline size_t utf8_length(v8::Isolate *isolate, v8::Local<v8::String> text) {
#if PLV8_V8_AT_LEAST(13, 4)
  return text->Utf8LengthV2(isolate);
#else
  return static_cast<size_t>(text->Utf8Length(isolate));
#endif
}

// Writes a string as UTF-8 without a terminator; lone surrogates become U+FFFD, so the result is always valid.
inline void write_utf8(v8::Isolate *isolate, v8::Local<v8::String> text, char *target, size_t size) {
#if PLV8_V8_AT_LEAST(13, 4)
  text->WriteUtf8V2(isolate, target, size, v8::String::WriteFlags::kReplaceInvalidUtf8);
#else
  text->WriteUtf8(isolate, target, static_cast<int>(size), nullptr,
                  v8::String::NO_NULL_TERMINATION | v8::String::REPLACE_INVALID_UTF8);
#endif
}

// Internal fields hold any Data since 11. The value of the only field, undefined when JavaScript made the object
// itself (new plan.constructor()) or the object has none.
inline v8::Local<v8::Value> internal_value(v8::Local<v8::Object> object) {
  if (object->InternalFieldCount() != 1) return v8::Undefined(v8::Isolate::GetCurrent());
  return object->GetInternalField(0).As<v8::Value>();
}

}  // namespace plv8
