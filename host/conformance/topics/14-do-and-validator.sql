-- DO and the validator
-- DO runs a text; CREATE FUNCTION checks syntax without running anything.

create table log (m text);

-- DO
do $do$ plv8.execute("insert into log values ('from do')") $do$ language plv8;
select m from log
--> from do

-- an error in DO
do $do$ throw new Error('do!') $do$ language plv8
--! 38000 or XX000

-- a syntax error in DO
do $do$ return ( $do$ language plv8
--! 42601 or XX000 or 38000

-- a syntax error in CREATE FUNCTION
create function bad() returns int language plv8 as $fn$ return ( $fn$
--! 42601 or XX000 or 38000

-- code that cannot close its own function
create function escaping() returns int language plv8 as $fn$ } ; function g() { $fn$
--! 42601 or XX000 or 38000

-- the body is not run by CREATE FUNCTION
create function harmless() returns int language plv8 as $fn$ throw new Error('ran') $fn$;
select 1
--> 1

-- no check when the session asks for none
set check_function_bodies = off;
create function unchecked() returns int language plv8 as $fn$ return ( $fn$;
set check_function_bodies = on;
select unchecked()
--! 42601 or XX000 or 38000

-- a function replaced in an open session
create function replaced() returns int language plv8 as $fn$ return 1 $fn$;
select replaced();
create or replace function replaced() returns int language plv8 as $fn$ return 2 $fn$;
select replaced()
--> 2

-- a replacement that is rolled back
begin;
create or replace function replaced() returns int language plv8 as $fn$ return 3 $fn$;
select replaced();
rollback;
select replaced()
--> 2
