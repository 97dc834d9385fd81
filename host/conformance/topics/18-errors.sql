-- Errors
-- A thrown Error is an SQL error; an SQL error is an Error with its SQLSTATE, DETAIL and HINT.

create table items (id int primary key);
insert into items values (1);
create function thrower(code text) returns int language plv8 as $fn$
  const e = new Error('thrown'); e.code = code; e.detail = 'the detail'; e.hint = 'the hint'; throw e
$fn$;

create function plain() returns int language plv8 as $fn$ throw new Error('kaboom') $fn$;

-- a thrown Error is an error
select plain()
--! 38000 or XX000

-- its code becomes the SQLSTATE
select thrower('22012')
--! 22012
--or plv8 knows no code
--! XX000 or 38000

-- a code of one's own
select thrower('ZZ123')
--! ZZ123
--or plv8 knows no code
--! XX000 or 38000

-- something that is no SQLSTATE is not one
select thrower('ENOENT')
--! 38000 or XX000

-- plpgsql sees message, detail and hint
create function seen() returns text language plpgsql as $fn$
declare d text; h text; m text;
begin
  perform thrower('22012');
exception when others then
  get stacked diagnostics m = message_text, d = pg_exception_detail, h = pg_exception_hint;
  return sqlstate || ' ' || m || ' ' || d || ' ' || h;
end $fn$;
select seen()
--> 22012 thrown the detail the hint
--or plv8 passes no code
--> XX000 Error: thrown the detail the hint
--or plv8 passes the message only
--> XX000 Error: thrown  

-- an SQL error is an Error with its SQLSTATE
create function caught() returns text language plv8 as $fn$
  try { plv8.execute('insert into items values (1)') } catch (e) {
    return [e instanceof Error, e.sqlerrcode, e.message, e.detail, e.schema_name, e.table_name, e.constraint_name].join('|')
  }
$fn$;
select caught()
--> true|23505|duplicate key value violates unique constraint "items_pkey"|Key (id)=(1) already exists.|plv8_conformance|items|items_pkey

create function passes() returns int language plv8 as $fn$ return plv8.execute('select 1 / 0') $fn$;

-- an SQL error that is not caught stays itself
select passes()
--! 22012

-- through several levels
create function level2() returns int language plv8 as $fn$ return plv8.execute('select passes()') $fn$;
select level2()
--! 22012

-- rethrown, it keeps its SQLSTATE
create function rethrown() returns int language plv8 as $fn$ try { plv8.execute('select 1 / 0') } catch (e) { throw e } $fn$;
select rethrown()
--! 22012

-- the session goes on
select 1
--> 1

-- errors in a loop
create function many(n int) returns int language plv8 as $fn$
  let caught = 0
  for (let i = 0; i < n; i++) { try { plv8.execute('select 1 / 0') } catch (e) { if (e.sqlerrcode === '22012') caught++ } }
  return caught
$fn$;
select many(2000)
--> 2000

-- the context names the function
create function context_of() returns bool language plpgsql as $fn$
declare c text;
begin
  perform plain();
exception when others then
  get stacked diagnostics c = pg_exception_context;
  return c like '%plain%';
end $fn$;
select context_of()
--> t

-- things that are no Error can be thrown
create function odd(n int) returns int language plv8 as $fn$
  throw [5, 'text', null, undefined, {}, {message: 'm'}, Symbol('s'), () => 1, 10n, [1, 2]][n]
$fn$;
create function outcome(n int) returns text language plpgsql as $fn$
begin perform odd(n); return 'no error'; exception when others then return 'error'; end $fn$;
select string_agg(outcome(n), ' ') from generate_series(0, 9) n
--> error error error error error error error error error error

-- endless recursion of JavaScript
create function endless() returns int language plv8 as $fn$ const f = () => f() + 1; return f() $fn$;
select endless()
--! 54001 or 38000 or XX000

-- endless recursion through SQL
create function circular(n int) returns int language plv8 as $fn$ return plv8.execute('select circular($1) as r', [n + 1])[0].r $fn$;
select circular(1)
--! 54001
--or plv8 ends the server
--! 57P02 or 08006

-- the session goes on
select count(*) from items
--> 1
