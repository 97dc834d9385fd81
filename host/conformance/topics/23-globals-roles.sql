-- Globals and roles
-- Globals live as long as the session, one set for each role.

create function counter() returns int language plv8 as $fn$ globalThis.count = (globalThis.count || 0) + 1; return count $fn$;
create function this_counter() returns int language plv8 as $fn$ this.other = (this.other || 0) + 1; return other $fn$;

-- globals persist between calls
select counter(), counter(), counter()
--> 1 | 2 | 3

-- this is the global object
select this_counter(), this_counter()
--> 1 | 2

-- a variable of the function does not persist
create function local() returns text language plv8 as $fn$ var before = typeof mine; var mine = 1; return before + typeof globalThis.mine $fn$;
select local(), local()
--> undefinedundefined | undefinedundefined

create role plv8_conformance_role;
grant usage, create on schema plv8_conformance to plv8_conformance_role;
set role plv8_conformance_role;

-- another role has other globals
select counter()
--> 1

create function definer_counter() returns int language plv8 security definer as $fn$ globalThis.count = (globalThis.count || 0) + 1; return count $fn$;
reset role;

-- a SECURITY DEFINER function runs among its owner's globals
select definer_counter(), counter()
--> 2 | 4

-- whatever the invoker has redefined
create function poison() returns void language plv8 as $fn$ JSON.stringify = () => 'poisoned' $fn$;
set role plv8_conformance_role;
create function careful() returns text language plv8 security definer as $fn$ return JSON.stringify([1]) $fn$;
reset role;
select poison();
select careful()
--> [1]

-- privileges are those of the role that executes
create table secret (v int);
insert into secret values (7);
create function as_invoker() returns int language plv8 as $fn$ return plv8.execute('select v from secret')[0].v $fn$;
create function as_definer() returns int language plv8 security definer as $fn$ return plv8.execute('select v from secret')[0].v $fn$;
set role plv8_conformance_role;
select as_definer()
--> 7

-- and not more
select as_invoker()
--! 42501

create function hidden() returns int language plv8 as $fn$ return 1 $fn$;
revoke execute on function hidden() from public, plv8_conformance_role;
reset role;
create function hidden_too() returns int language plv8 as $fn$ return 1 $fn$;
revoke execute on function hidden_too() from public;
set role plv8_conformance_role;
create function finder() returns int language plv8 as $fn$ return plv8.find_function('hidden_too()')() $fn$;

-- find_function asks for the privilege to execute
select finder()
--! 42501 or 38000 or XX000

reset role;
drop owned by plv8_conformance_role;
drop role plv8_conformance_role;
