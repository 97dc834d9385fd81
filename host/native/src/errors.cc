#include "errors.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "limits.h"
#include "values.h"

namespace plv8 {

namespace {

// The names under which the parts of an error appear on a JavaScript Error.
struct ErrorField {
  const char *name;
  char *ErrorData::*member;
};
constexpr ErrorField kFields[] = {
    {"detail", &ErrorData::detail},
    {"hint", &ErrorData::hint},
    {"context", &ErrorData::context},
    {"internalquery", &ErrorData::internalquery},
    {"schema_name", &ErrorData::schema_name},
    {"table_name", &ErrorData::table_name},
    {"column_name", &ErrorData::column_name},
    {"datatype_name", &ErrorData::datatype_name},
    {"constraint_name", &ErrorData::constraint_name},
};

void set_property(Local<Context> context, Local<Object> object, const char *name, Local<Value> value) {
  object->CreateDataProperty(context, js_name(Isolate::GetCurrent(), name), value).FromMaybe(false);
}

Local<Object> new_error(Isolate *isolate, Local<Context> context, int sqlstate, Local<v8::String> message) {
  Local<Object> error = v8::Exception::Error(message).As<Object>();
  Local<v8::String> code = js_name(isolate, unpack_sql_state(sqlstate));
  set_property(context, error, "sqlerrcode", code);
  set_property(context, error, "code", code);
  return error;
}

char *copy_text(const std::string &text) {
  char *copy = static_cast<char *>(js_palloc(text.size() + 1));
  if (copy != nullptr) memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

// Reads a property without letting a getter's exception escape.
bool read_property(Isolate *isolate, Local<Context> context, Local<Object> object, const char *name,
                   Local<Value> *value) {
  TryCatch attempt(isolate);
  return object->Get(context, js_name(isolate, name)).ToLocal(value) && !(*value)->IsNullOrUndefined();
}

int sqlstate_of(const std::string &code) {
  if (code.size() != 5 || code == "00000") return 0;
  for (char letter : code)
    if (!((letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z'))) return 0;
  return MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4]);
}

// V8 gives its own resource errors no code; these are the ones that have a SQLSTATE of their own.
int sqlstate_of_engine_error(const std::string &name, const std::string &message) {
  if (name == "SyntaxError") return ERRCODE_SYNTAX_ERROR;
  if (name != "RangeError") return ERRCODE_INTERNAL_ERROR;
  if (message == "Maximum call stack size exceeded") return ERRCODE_STATEMENT_TOO_COMPLEX;
  if (message == "Array buffer allocation failed" || message.rfind("WebAssembly.Memory", 0) == 0)
    return ERRCODE_OUT_OF_MEMORY;
  return ERRCODE_INTERNAL_ERROR;
}

std::string position_of(Isolate *isolate, Local<Context> context, Local<v8::Message> message) {
  if (message.IsEmpty()) return "";
  Local<Value> resource = message->GetScriptResourceName();
  if (!resource->IsString()) return "";
  std::string text = "JavaScript function " + server_text(isolate, resource);
  int line = message->GetLineNumber(context).FromMaybe(0);
  if (line > 0) text += " line " + std::to_string(line) + " column " + std::to_string(message->GetStartColumn() + 1);
  return text;
}

}  // namespace

std::string server_text(Isolate *isolate, Local<Value> value) {
  TryCatch attempt(isolate);
  Local<v8::String> text;
  if (!value->ToString(isolate->GetCurrentContext()).ToLocal(&text)) return "";
  std::string utf8(utf8_length(isolate, text), '\0');
  write_utf8(isolate, text, utf8.data(), utf8.size());
  for (char &byte : utf8)
    if (byte == '\0') byte = ' ';
  if (GetDatabaseEncoding() == PG_UTF8) return utf8;
  char *converted = nullptr;
  const char *source = utf8.c_str();
  int size = static_cast<int>(utf8.size());
  ErrorData *error = pg_try([&] { converted = pg_any_to_server(source, size, PG_UTF8); });
  if (error != nullptr) {
    FreeErrorData(error);
    for (char &byte : utf8)
      if (static_cast<unsigned char>(byte) > 127) byte = '?';
    return utf8;
  }
  return converted;
}

ErrorData *make_error(int sqlstate, const char *message) {
  ErrorData *error = static_cast<ErrorData *>(palloc_extended(sizeof(ErrorData), MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO));
  if (error == nullptr) return nullptr;
  error->elevel = ERROR;
  error->sqlerrcode = sqlstate;
  error->assoc_context = CurrentMemoryContext;
  error->message = copy_text(message);
  return error;
}

void throw_error(int sqlstate, const char *message, const char *detail, const char *hint) {
  Isolate *isolate = Isolate::GetCurrent();
  HandleScope scope(isolate);
  Local<Context> context = isolate->GetCurrentContext();
  Local<v8::String> text;
  if (!text_to_js(message, strlen(message)).ToLocal(&text)) return;
  Local<Object> error = new_error(isolate, context, sqlstate, text);
  Local<v8::String> part;
  if (detail != nullptr && text_to_js(detail, strlen(detail)).ToLocal(&part))
    set_property(context, error, "detail", part);
  if (hint != nullptr && text_to_js(hint, strlen(hint)).ToLocal(&part)) set_property(context, error, "hint", part);
  isolate->ThrowException(error);
}

void throw_format(int sqlstate, const char *format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  throw_error(sqlstate, message);
}

void terminate_with(ErrorData *error) {
  Frame *frame = current_frame;
  if (frame->fatal == nullptr) frame->fatal = error;
  terminate_again();
}

void terminate_again() {
  Runtime *runtime = current_frame->runtime;
  Isolate *isolate = runtime->isolate;
  isolate->TerminateExecution();
  // Running anything makes V8 notice the request now, before JavaScript could catch or finish.
  HandleScope scope(isolate);
  bool ended = runtime->no_op.Get(isolate)
                   ->Call(isolate->GetCurrentContext(), v8::Undefined(isolate), 0, nullptr)
                   .IsEmpty();
  Assert(ended);
  (void)ended;
}

bool is_ending() {
  Runtime *runtime = current_frame->runtime;
  if (current_frame->fatal == nullptr && !runtime->condemned) return false;
  runtime->isolate->TerminateExecution();
  return true;
}

void throw_postgres_error(ErrorData *error, Catchable catchable) {
  if (current_frame->savepoint) {
    if (current_frame->deferred == nullptr) current_frame->deferred = error;
    return;
  }
  // A cancelled query stays cancelled, whatever JavaScript does with exceptions.
  bool interrupted = error->sqlerrcode == ERRCODE_QUERY_CANCELED || ERRCODE_TO_CATEGORY(error->sqlerrcode) ==
                                                                         ERRCODE_TO_CATEGORY(ERRCODE_ADMIN_SHUTDOWN);
  if (interrupted || catchable == Catchable::no || current_frame->runtime->condemned) {
    // The ErrorData may be in a memory context that a subtransaction owns: keep a copy with the frame.
    ErrorData *kept = error;
    MemoryContext caller = current_frame->caller;
    ErrorData *failure = pg_try([&] {
      MemoryContext previous = MemoryContextSwitchTo(caller);
      ErrorData *copy = static_cast<ErrorData *>(palloc0(sizeof(ErrorData)));
      *copy = *error;
      copy->assoc_context = caller;
      for (const ErrorField &field : kFields)
        if (error->*field.member != nullptr) copy->*field.member = pstrdup(error->*field.member);
      if (error->message != nullptr) copy->message = pstrdup(error->message);
      copy->detail_log = nullptr;
      copy->backtrace = nullptr;
      MemoryContextSwitchTo(previous);
      kept = copy;
    });
    terminate_with(failure != nullptr ? failure : kept);
    return;
  }
  Isolate *isolate = Isolate::GetCurrent();
  HandleScope scope(isolate);
  Local<Context> context = isolate->GetCurrentContext();
  const char *message = error->message != nullptr ? error->message : "missing error text";
  Local<v8::String> text;
  if (!text_to_js(message, strlen(message)).ToLocal(&text)) text = v8::String::Empty(isolate);
  Local<Object> object = new_error(isolate, context, error->sqlerrcode, text);
  for (const ErrorField &field : kFields) {
    Local<v8::String> part;
    const char *member = error->*field.member;
    if (member != nullptr && text_to_js(member, strlen(member)).ToLocal(&part))
      set_property(context, object, field.name, part);
  }
  FreeErrorData(error);
  isolate->ThrowException(object);
}

ErrorData *error_of_frame(Frame *frame, TryCatch &attempt) {
  InContext memory(frame->caller);
  Isolate *isolate = frame->runtime->isolate;
  HandleScope scope(isolate);
  Local<Context> context = isolate->GetCurrentContext();
  ErrorData *error = nullptr;
  if (frame->fatal == nullptr && !frame->runtime->condemned && attempt.HasCaught() && !attempt.HasTerminated()) {
    Local<Value> exception = attempt.Exception();
    Local<Value> value;
    std::string name;
    std::string message;
    int sqlstate = 0;
    if (exception->IsObject()) {
      Local<Object> object = exception.As<Object>();
      if (read_property(isolate, context, object, "name", &value)) name = server_text(isolate, value);
      if (read_property(isolate, context, object, "message", &value)) message = server_text(isolate, value);
      else message = server_text(isolate, exception);
      for (const char *property : {"sqlerrcode", "code"})
        if (sqlstate == 0 && read_property(isolate, context, object, property, &value) && value->IsString())
          sqlstate = sqlstate_of(server_text(isolate, value));
      bool plain = sqlstate != 0 || name.empty() || name == "Error" || !exception->IsNativeError();
      if (sqlstate == 0) sqlstate = sqlstate_of_engine_error(name, message);
      if (!plain) message = name + ": " + message;
    } else {
      message = server_text(isolate, exception);
      sqlstate = ERRCODE_INTERNAL_ERROR;
    }
    error = make_error(sqlstate, message.c_str());
    if (error != nullptr && exception->IsObject())
      for (const ErrorField &field : kFields)
        if (field.member != &ErrorData::internalquery &&
            read_property(isolate, context, exception.As<Object>(), field.name, &value) && value->IsString())
          error->*field.member = copy_text(server_text(isolate, value));
    // An error that came from PostgreSQL names all callers already.
    if (error != nullptr && error->context == nullptr) {
      std::string position = position_of(isolate, context, attempt.Message());
      if (!position.empty()) error->context = copy_text(position);
    } else {
      frame->context_complete = true;
    }
  }
  if (frame->fatal != nullptr) {  // also when a getter above ran into a limit
    error = frame->fatal;
    frame->context_complete = error->context != nullptr;
  }
  if (error == nullptr && frame->runtime->condemned)
    error = make_error(ERRCODE_OUT_OF_MEMORY, "JavaScript ran out of memory (plv8.memory_limit)");
  if (error == nullptr) error = make_error(ERRCODE_QUERY_CANCELED, "JavaScript was interrupted");
  return error;
}

}  // namespace plv8
