// Trigger functions.
#pragma once

#include "functions.h"

namespace plv8 {

// Calls a trigger function. False after a JavaScript exception.
bool run_trigger(Frame *frame, CallSite *site, FunctionCallInfo fcinfo, Datum *result);

}  // namespace plv8
