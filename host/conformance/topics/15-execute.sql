-- plv8.execute
-- Rows as an array of objects, or the number of rows affected.

create table items (id int primary key, name text, j jsonb);
insert into items select i, 'n' || i, jsonb_build_object('i', i) from generate_series(1, 10) i;
create function run(sql text) returns text language plv8 as $fn$ return JSON.stringify(plv8.execute(sql)) $fn$;

-- rows
select run('select id, name, j from items where id < 3 order by id')
--> [{"id":1,"name":"n1","j":{"i":1}},{"id":2,"name":"n2","j":{"i":2}}]

-- no rows
select run('select 1 as a where false')
--> []

-- the number of affected rows
select run('update items set name = name where id < 4'), run('create table made (a int)')
--> 3 | 0

-- RETURNING gives rows
select run($q$insert into items values (11, 'x') returning id$q$)
--> [{"id":11}]

-- parameters as an array
create function named(n int) returns text language plv8 as $fn$ return plv8.execute('select name from items where id = $1', [n])[0].name $fn$;
select named(3), named(4)
--> n3 | n4

-- parameters one by one
create function in_range(a int, b int) returns text language plv8 as $fn$
  return plv8.execute('select name from items where id between $1 and $2 order by id', a, b).map((r) => r.name).join()
$fn$;
select in_range(2, 4)
--> n2,n3,n4

-- the statement decides the types of its parameters
create function inferred() returns text language plv8 as $fn$
  const [r] = plv8.execute('select $1 = id and j = $2 and name = any($3) and $4::bytea is not null as ok from items where id = $1',
    [5, {i: 5}, ['n5', 'x'], new Uint8Array([1])])
  return r.ok
$fn$;
select inferred()
--> true

-- null parameters
create function nulls() returns text language plv8 as $fn$
  return plv8.execute('select $1::int is null as a, $2::text is null as b', [null, undefined]).map((r) => r.a + ' ' + r.b)[0]
$fn$;
select nulls()
--> true true

-- too few parameters
create function few() returns text language plv8 as $fn$ return plv8.execute('select $1::int + $2::int', [1]) $fn$;
select few()
--! 08P01 or 38000 or XX000 or 42P02 or 22023

-- recursion through SQL
create function fib(n int) returns int language plv8 as $fn$
  return n < 2 ? n : plv8.execute('select fib($1) as f', [n - 1])[0].f + plv8.execute('select fib($1) as f', [n - 2])[0].f
$fn$;
select fib(12)
--> 144

-- a stable function may not write
create function sneaky() returns int language plv8 stable as $fn$ return plv8.execute('delete from items') $fn$;
select sneaky()
--! 0A000

-- transaction commands are refused
select run('commit')
--! 2D000 or 0A000 or 38000 or XX000

-- a column twice: the last one counts
select run('select 1 as a, 2 as a')
--> [{"a":2}]

-- many rows
create function count_rows(n int) returns int language plv8 as $fn$ return plv8.execute('select i, i::text as t from generate_series(1, $1) i', [n]).length $fn$;
select count_rows(50000)
--> 50000
