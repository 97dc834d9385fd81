-- Sets
-- A set-returning function returns an array, calls plv8.return_next, or both.

create function squares(n int) returns setof int language plv8 as $fn$ for (let i = 0; i < n; i++) plv8.return_next(i * i % 10000) $fn$;
create function listed() returns setof text language plv8 as $fn$ return ['a', null, 'c'] $fn$;
create function mixed() returns setof int language plv8 as $fn$ plv8.return_next(1); return [2, 3] $fn$;
create function single() returns setof int language plv8 as $fn$ return 7 $fn$;
create function no_rows() returns setof int language plv8 as $fn$ return $fn$;
create function pairs() returns table (a int, b text) language plv8 as $fn$ return [{a: 1, b: 'x'}, {b: 'y'}] $fn$;
create type pair as (x int, y text);
create function typed() returns setof pair language plv8 as $fn$ plv8.return_next({x: 1, y: 'one'}); plv8.return_next({x: 2}) $fn$;

-- return_next
select * from squares(4)
--> 0
--> 1
--> 4
--> 9

-- an array
select * from listed()
--> a
--> NULL
--> c

-- both: what return_next gave comes first
select * from mixed()
--> 1
--> 2
--> 3

-- one value is one row, nothing is no row
select count(*), min(single) from single()
--> 1 | 7

-- nothing at all
select * from no_rows()
--> (no rows)

-- in the select list
select squares(3), 'x'
--> 0 | x
--> 1 | x
--> 4 | x

-- RETURNS TABLE takes objects
select * from pairs()
--> 1 | x
--> NULL | y

-- a set of a composite type
select * from typed()
--> 1 | one
--> 2 | NULL

-- a set of records with a column list
create function records() returns setof record language plv8 as $fn$ return [{a: 1, b: 'x'}, {a: 2, b: 'y'}] $fn$;
select * from records() as r(a int, b text)
--> 1 | x
--> 2 | y

-- rows of a query
create function queried() returns setof pair language plv8 as $fn$ return plv8.execute('select i as x, i::text as y from generate_series(1, 3) i') $fn$;
select x, y from queried() where x > 1
--> 2 | 2
--> 3 | 3

-- many rows
select count(*), max(s) from squares(100000) s
--> 100000 | 9984

-- return_next outside of a set
create function misplaced() returns int language plv8 as $fn$ plv8.return_next(1); return 1 $fn$;
select misplaced()
--! 0A000 or 38000 or XX000
