\echo Use "CREATE EXTENSION plv8_host" to load this file. \quit

create function plv8_call_handler()
returns language_handler
language c
as 'MODULE_PATHNAME';

create function plv8_inline_handler(internal)
returns void
language c
strict
as 'MODULE_PATHNAME';

create function plv8_call_validator(oid)
returns void
language c
strict
as 'MODULE_PATHNAME';

create trusted language plv8
handler plv8_call_handler
inline plv8_inline_handler
validator plv8_call_validator;

comment on language plv8 is 'JavaScript on the V8 of the operating system''s distribution.';

create domain plv8_int2array as int2[];
create domain plv8_int4array as int4[];
create domain plv8_int8array as int8[];
create domain plv8_float4array as float4[];
create domain plv8_float8array as float8[];

comment on domain plv8_int2array is 'Arrives in plv8 functions as an Int16Array.';
comment on domain plv8_int4array is 'Arrives in plv8 functions as an Int32Array.';
comment on domain plv8_int8array is 'Arrives in plv8 functions as a BigInt64Array.';
comment on domain plv8_float4array is 'Arrives in plv8 functions as a Float32Array.';
comment on domain plv8_float8array is 'Arrives in plv8 functions as a Float64Array.';

create function plv8_version()
returns text
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME';

create function plv8_reset()
returns void
language c
volatile
parallel unsafe
as 'MODULE_PATHNAME';

create function plv8_info()
returns json
language c
volatile
parallel restricted
as 'MODULE_PATHNAME';

comment on function plv8_version() is 'Version of the language handler.';
comment on function plv8_reset() is 'Discards the calling role''s JavaScript environment in this session; the next call starts afresh.';
comment on function plv8_info() is 'Memory of each role''s JavaScript environment in this session.';
