// The `plv8` object and the constants beside it.
#pragma once

#include "runtime.h"

namespace plv8 {

// Puts the plv8 object and the level constants on the global object of a new context.
void install_api(Runtime *runtime, Local<Context> context);

// JSON text with one object per role's environment in this backend. The caller deletes it.
std::string *describe_runtimes();

}  // namespace plv8
