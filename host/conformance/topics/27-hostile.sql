-- Hostile values
-- Whatever JavaScript returns is converted or refused; the session goes on.

create function as_text(n int) returns text language plv8 as $fn$
  return [Symbol('s'), Object.create(null), {toString() { throw new Error('no') }}, () => 1, new Proxy({}, {get() { throw new Error('trap') }})][n]
$fn$;
create function as_json(n int) returns jsonb language plv8 as $fn$
  const cyclic = {}; cyclic.self = cyclic
  return [cyclic, {get a() { throw new Error('getter') }}, {toJSON() { throw 5 }}, 1n, new Proxy([], {get() { throw new Error('trap') }})][n]
$fn$;
create function as_ints(n int) returns int[] language plv8 as $fn$
  return [[NaN], [{}], ['x'], [2 ** 40], [[1], [2, 3]], [[1], 2], [Symbol('s')]][n]
$fn$;
create type pair as (x int, y text);
create function as_pair(n int) returns pair language plv8 as $fn$
  return [5, 'text', {get x() { throw new Error('getter') }}, {x: 'abc'}, new Proxy({}, {get() { throw new Error('trap') }})][n]
$fn$;
create function outcomes(f text, n int) returns text language plpgsql as $fn$
declare r text := ''; dummy text;
begin
  for i in 0..n - 1 loop
    begin
      execute format('select %I(%s)::text', f, i) into dummy;
      r := r || 'value ';
    exception when others then
      r := r || 'error ';
    end;
  end loop;
  return rtrim(r);
end $fn$;

-- as text: a symbol has none, an object without a way to a string has none, a function has
select outcomes('as_text', 5)
--> value error error value error
--or a symbol has none
--> error error error value error

-- as JSON
select outcomes('as_json', 5)
--> error error error error error
--or plv8 writes BigInt as a number
--> error error error value error

-- as an array of integers
select outcomes('as_ints', 7)
--> error error error error error error error
--or plv8 converts what it can
--> value value value value value value error
--or plv8 converts what it can
--> value value value value value value value

-- as a row
select outcomes('as_pair', 5)
--> error error error error error
--or plv8 reads 'abc' as 0
--> error error error value error

-- a huge length is refused or converted, never fatal
create function long() returns int language plv8 as $fn$
  try { return new Array(4294967295).length > 0 ? 1 : 0 } catch (e) { return 2 }
$fn$;
select long()
--> 1

-- many errors leave the session as it was
create function fails() returns int language plv8 as $fn$ throw new Error('x') $fn$;
create function survive(n int) returns int language plpgsql as $fn$
declare c int := 0;
begin
  for i in 1..n loop
    begin perform fails(); exception when others then c := c + 1; end;
  end loop;
  return c;
end $fn$;
select survive(2000)
--> 2000

-- still alive
select 1
--> 1
