// Window functions: plv8.get_window_object().
#pragma once

#include "functions.h"
#include "spi.h"

namespace plv8 {

void api_get_window_object(Callback info);
void install_window_template(Runtime *runtime, Isolate *isolate);

// The arguments of a window function at the current row. False after a JavaScript exception.
bool window_arguments(CallSite *site, FunctionCallInfo fcinfo, Local<Value> *arguments);

}  // namespace plv8
