-- Settings and information
-- plv8.start_proc, plv8_version, plv8_info, plv8_reset.

-- the version is text
select plv8_version() ~ '^[0-9]+\.[0-9]+'
--> t

create function versions() returns text language plv8 as $fn$ return typeof plv8.version + ' ' + typeof plv8.v8_version $fn$;

-- in JavaScript too
select versions()
--> string string
--or plv8 does not tell V8's
--> string undefined

-- memory is reported
create function memory() returns text language plv8 as $fn$ const m = plv8.memory_usage(); return typeof m.total_heap_size + (m.used_heap_size > 0) $fn$;
select memory()
--> numbertrue

-- plv8_info is JSON
select left(plv8_info()::text, 1) in ('[', '{')
--> t

create function remember(v int) returns int language plv8 as $fn$ const before = globalThis.kept || 0; globalThis.kept = v; return before $fn$;
select remember(5);
select plv8_reset();

-- plv8_reset forgets the globals
select remember(6)
--> 0

create function setup() returns void language plv8 as $fn$ globalThis.library = {answer: 42} $fn$;
create function uses_library() returns int language plv8 as $fn$ return globalThis.library ? library.answer : 0 $fn$;
set plv8.start_proc = 'plv8_conformance.setup';
select plv8_reset();

-- plv8.start_proc runs before the first function
select uses_library()
--> 42

reset plv8.start_proc;
select plv8_reset();

-- and not when it is not set
select uses_library()
--> 0
