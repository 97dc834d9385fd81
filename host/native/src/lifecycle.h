// V8 in this process, settings, and one runtime per role.
#pragma once

#include "runtime.h"

namespace plv8 {

constexpr const char *kVersion = "1.0.0";

// Settings (plv8.*).
extern int memory_limit_mb;
extern int execution_timeout;
extern char *start_proc;

// Defines the settings; called once per process by _PG_init, also in the postmaster. Starts nothing.
void define_settings();

// The runtime of the current role, V8 started and the isolate made on demand. Raises PostgreSQL errors.
Runtime *runtime_of_current_role();

// All runtimes of this backend, for plv8_info().
const std::vector<Runtime *> &all_runtimes();

// Discards the isolate of a role at the next opportunity; with InvalidOid, those of all roles.
void retire_runtimes(Oid role);

// Enters and leaves a frame. begin_frame may raise a PostgreSQL error; end_frame does not.
void begin_frame(Frame *frame, FunctionCallInfo fcinfo);
void end_frame(Frame *frame);

}  // namespace plv8
