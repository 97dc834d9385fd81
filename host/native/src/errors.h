// Errors across the border: PostgreSQL's ErrorData and JavaScript's Error objects.
#pragma once

#include "runtime.h"

namespace plv8 {

// Throws a JavaScript Error that carries a SQLSTATE (and code, detail, hint as properties).
void throw_error(int sqlstate, const char *message, const char *detail = nullptr, const char *hint = nullptr);

// printf-like form of throw_error.
void throw_format(int sqlstate, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Turns a caught PostgreSQL error into a JavaScript Error. Frees the ErrorData.
// Errors after which the transaction was not rolled back to a savepoint must be final: JavaScript may not go on.
enum class Catchable { yes, no };
void throw_postgres_error(ErrorData *error, Catchable catchable);

// Ends the JavaScript of the current frame with an error that it cannot catch. Takes the ErrorData over.
void terminate_with(ErrorData *error);

// The same for a frame that is ending already, after V8 has forgotten about it.
void terminate_again();

// True when the frame is ending with an error that cannot be caught; API functions then do nothing.
bool is_ending();

// What the entry point raises after JavaScript failed. Allocated in the frame's memory context; never null.
ErrorData *error_of_frame(Frame *frame, TryCatch &attempt);

// A fresh ErrorData in the current memory context, or null when there is no memory.
ErrorData *make_error(int sqlstate, const char *message);

// A value as text of the server's encoding that is fit for messages: never fails, NUL becomes a space.
std::string server_text(Isolate *isolate, Local<Value> value);

}  // namespace plv8
