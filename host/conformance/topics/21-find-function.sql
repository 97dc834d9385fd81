-- plv8.find_function
-- Another plv8 function as a JavaScript function, by name or signature.

create function add(a int, b int) returns int language plv8 as $fn$ return a + b $fn$;
create function other() returns int language sql as 'select 1';
create function by_signature() returns int language plv8 as $fn$ return plv8.find_function('add(int,int)')(20, 22) $fn$;
create function by_name() returns int language plv8 as $fn$ return plv8.find_function('add')(1, 2) $fn$;

-- by signature, by name
select by_signature(), by_name()
--> 42 | 3

-- JavaScript values pass unconverted
create function inner_value(v jsonb) returns jsonb language plv8 as $fn$ return typeof v === 'function' ? v(1) : v $fn$;
create function passing() returns int language plv8 as $fn$ return plv8.find_function('inner_value')((x) => x + 1) $fn$;
select passing()
--> 2

-- a function that is not there
create function missing() returns int language plv8 as $fn$ plv8.find_function('no_such_function') $fn$;
select missing()
--! 42883 or 38000 or XX000

-- a function in another language
create function foreign_language() returns int language plv8 as $fn$ return plv8.find_function('other')() $fn$;
select foreign_language()
--! 42809 or 38000 or XX000

-- an error in the found function
create function failing() returns int language plv8 as $fn$ throw new TypeError('inner') $fn$;
create function catching() returns text language plv8 as $fn$ try { plv8.find_function('failing')() } catch (e) { return e instanceof TypeError && e.message } $fn$;
select catching()
--> inner

-- a replaced function is found anew
create or replace function add(a int, b int) returns int language plv8 as $fn$ return a * b $fn$;
select by_signature()
--> 440
