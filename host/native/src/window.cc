#include "window.h"

#include <cstring>

#include "errors.h"

namespace plv8 {

namespace {

// What a partition keeps between calls: JSON text in memory of a size that the first call decides.
struct PartitionLocal {
  size_t capacity;
  size_t used;  // 0: nothing is stored
  char text[FLEXIBLE_ARRAY_MEMBER];
};

constexpr int kUsualLocalSize = 1000;

WindowObject window_of(FunctionCallInfo fcinfo) {
  if (fcinfo == nullptr) return nullptr;
  WindowObject window = PG_WINDOW_OBJECT();
  return WindowObjectIsValid(window) ? window : nullptr;
}

// The window of the running function. Null after a JavaScript exception.
WindowObject current_window() {
  if (is_ending()) return nullptr;
  WindowObject window = window_of(current_frame->fcinfo);
  if (window == nullptr)
    throw_error(ERRCODE_FEATURE_NOT_SUPPORTED, "there is a window object in window functions only");
  return window;
}

bool fail_with(ErrorData *error) {
  if (error == nullptr) return true;
  throw_postgres_error(error, Catchable::no);
  return false;
}

bool integer_argument(Callback info, int index, int64 *result) {
  return info[index]->IntegerValue(info.GetIsolate()->GetCurrentContext()).To(result);
}

void get_current_position(Callback info) {
  WindowObject window = current_window();
  int64 position = 0;
  if (window != nullptr && fail_with(pg_try([&] { position = WinGetCurrentPosition(window); })))
    info.GetReturnValue().Set(static_cast<double>(position));
}

void get_partition_row_count(Callback info) {
  WindowObject window = current_window();
  int64 count = 0;
  if (window != nullptr && fail_with(pg_try([&] { count = WinGetPartitionRowCount(window); })))
    info.GetReturnValue().Set(static_cast<double>(count));
}

void set_mark_position(Callback info) {
  WindowObject window = current_window();
  int64 position;
  if (window == nullptr || !integer_argument(info, 0, &position)) return;
  fail_with(pg_try([&] { WinSetMarkPosition(window, position); }));
}

void rows_are_peers(Callback info) {
  WindowObject window = current_window();
  int64 one;
  int64 other;
  bool peers = false;
  if (window == nullptr || !integer_argument(info, 0, &one) || !integer_argument(info, 1, &other)) return;
  if (fail_with(pg_try([&] { peers = WinRowsArePeers(window, one, other); }))) info.GetReturnValue().Set(peers);
}

// The type of an argument of the running function. Null after a JavaScript exception.
TypeInfo *argument_type(int64 index) {
  CallSite *site = current_frame->site;
  if (index >= 0 && index < site->argument_count) return site->arguments[index];
  throw_format(ERRCODE_INVALID_PARAMETER_VALUE, "the window function has %d arguments", site->argument_count);
  return nullptr;
}

using GetArgument = Datum (*)(WindowObject, int, int, int, bool, bool *, bool *);

void get_argument(Callback info, GetArgument get) {
  WindowObject window = current_window();
  int64 index;
  int64 relative;
  int64 seek;
  if (window == nullptr || !integer_argument(info, 0, &index) || !integer_argument(info, 1, &relative) ||
      !integer_argument(info, 2, &seek))
    return;
  bool set_mark = info[3]->BooleanValue(info.GetIsolate());
  TypeInfo *type = argument_type(index);
  if (type == nullptr) return;
  Datum datum = 0;
  bool is_null = true;
  bool is_outside = false;
  if (!fail_with(pg_try([&] {
        datum = get(window, static_cast<int>(index), static_cast<int>(relative), static_cast<int>(seek), set_mark,
                    &is_null, &is_outside);
      })) ||
      is_outside)
    return;
  Local<Value> value = v8::Null(info.GetIsolate());
  if (is_null || value_to_js(type, datum, &value)) info.GetReturnValue().Set(value);
}

void get_func_arg_in_partition(Callback info) { get_argument(info, WinGetFuncArgInPartition); }

void get_func_arg_in_frame(Callback info) { get_argument(info, WinGetFuncArgInFrame); }

bool argument_now(WindowObject window, int index, TypeInfo *type, Local<Value> *value) {
  Datum datum = 0;
  bool is_null = true;
  if (!fail_with(pg_try([&] { datum = WinGetFuncArgCurrent(window, index, &is_null); }))) return false;
  *value = v8::Null(Isolate::GetCurrent());
  return is_null || value_to_js(type, datum, value);
}

void get_func_arg_current(Callback info) {
  WindowObject window = current_window();
  int64 index;
  if (window == nullptr || !integer_argument(info, 0, &index)) return;
  TypeInfo *type = argument_type(index);
  Local<Value> value;
  if (type != nullptr && argument_now(window, static_cast<int>(index), type, &value)) info.GetReturnValue().Set(value);
}

PartitionLocal *partition_local(WindowObject window, int64 size) {
  PartitionLocal *local = nullptr;
  if (size < 1 || size > 1 << 20) {
    throw_error(ERRCODE_INVALID_PARAMETER_VALUE, "the size of partition local memory is 1 to 1048576 bytes");
    return nullptr;
  }
  auto bytes = static_cast<size_t>(size);
  if (!fail_with(pg_try([&] {
        local = static_cast<PartitionLocal *>(
            WinGetPartitionLocalMemory(window, offsetof(PartitionLocal, text) + bytes));
      })))
    return nullptr;
  if (local->capacity == 0) local->capacity = bytes;
  return local;
}

void get_partition_local(Callback info) {
  WindowObject window = current_window();
  int64 size = kUsualLocalSize;
  if (window == nullptr || (info.Length() > 0 && !integer_argument(info, 0, &size))) return;
  PartitionLocal *local = partition_local(window, size);
  if (local == nullptr || local->used == 0) return;
  Isolate *isolate = info.GetIsolate();
  Local<v8::String> text;
  Local<Value> value;
  if (v8::String::NewFromUtf8(isolate, local->text, v8::NewStringType::kNormal, static_cast<int>(local->used))
          .ToLocal(&text) &&
      v8::JSON::Parse(isolate->GetCurrentContext(), text).ToLocal(&value))
    info.GetReturnValue().Set(value);
}

void set_partition_local(Callback info) {
  WindowObject window = current_window();
  if (window == nullptr) return;
  Isolate *isolate = info.GetIsolate();
  Local<v8::String> text;
  if (!v8::JSON::Stringify(isolate->GetCurrentContext(), info[0]).ToLocal(&text)) return;
  PartitionLocal *local = partition_local(window, kUsualLocalSize);
  if (local == nullptr) return;
  size_t size = info[0]->IsUndefined() ? 0 : utf8_length(isolate, text);
  if (size > local->capacity) {
    throw_format(ERRCODE_INVALID_PARAMETER_VALUE, "the value has %zu bytes, partition local memory has %zu", size,
                 local->capacity);
    return;
  }
  if (size > 0) write_utf8(isolate, text, local->text, size);
  local->used = size;
}

}  // namespace

bool window_arguments(CallSite *site, FunctionCallInfo fcinfo, Local<Value> *arguments) {
  WindowObject window = window_of(fcinfo);
  if (window == nullptr) {
    throw_error(ERRCODE_FEATURE_NOT_SUPPORTED, "a window function needs an OVER clause");
    return false;
  }
  for (int i = 0; i < site->argument_count; ++i)
    if (!argument_now(window, i, site->arguments[i], &arguments[i])) return false;
  return true;
}

void api_get_window_object(Callback info) {
  if (current_window() == nullptr) return;
  Isolate *isolate = info.GetIsolate();
  Local<Object> object;
  if (current_frame->runtime->window_template.Get(isolate)
          ->InstanceTemplate()
          ->NewInstance(isolate->GetCurrentContext())
          .ToLocal(&object))
    info.GetReturnValue().Set(object);
}

void install_window_template(Runtime *runtime, Isolate *isolate) {
  Local<v8::FunctionTemplate> type = v8::FunctionTemplate::New(isolate);
  type->SetClassName(js_name(isolate, "WindowObject"));
  const struct {
    const char *name;
    v8::FunctionCallback callback;
  } methods[] = {
      {"get_current_position", get_current_position},
      {"get_partition_row_count", get_partition_row_count},
      {"set_mark_position", set_mark_position},
      {"rows_are_peers", rows_are_peers},
      {"get_func_arg_in_partition", get_func_arg_in_partition},
      {"get_func_arg_in_frame", get_func_arg_in_frame},
      // The documentation names it one way, its own examples the other.
      {"get_func_arg_in_current", get_func_arg_current},
      {"get_func_arg_current", get_func_arg_current},
      {"get_partition_local", get_partition_local},
      {"set_partition_local", set_partition_local},
  };
  for (const auto &method : methods)
    type->PrototypeTemplate()->Set(isolate, method.name, v8::FunctionTemplate::New(isolate, method.callback));
  const struct {
    const char *name;
    int value;
  } seeks[] = {{"SEEK_CURRENT", WINDOW_SEEK_CURRENT}, {"SEEK_HEAD", WINDOW_SEEK_HEAD}, {"SEEK_TAIL", WINDOW_SEEK_TAIL}};
  for (const auto &seek : seeks) type->PrototypeTemplate()->Set(isolate, seek.name, v8::Integer::New(isolate, seek.value));
  runtime->window_template.Reset(isolate, type);
}

}  // namespace plv8
