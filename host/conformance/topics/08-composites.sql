-- Composite values
-- A row is an object with a property for each column.

create type pair as (x int, y text);
create type outer_pair as (p pair, list pair[]);
create table people (id int primary key, name text, born date, extra jsonb);
insert into people values (1, 'Ada', '1815-12-10', '{"a": 1}');
create function described(v pair) returns text language plv8 as $fn$ return JSON.stringify(v) $fn$;
create function made(x int, y text) returns pair language plv8 as $fn$ return {x, y} $fn$;
create function partly() returns pair language plv8 as $fn$ return {y: 'only'} $fn$;
create function person_name(p people) returns text language plv8 as $fn$ return p.name + ' ' + p.extra.a + ' ' + (p.born instanceof Date) $fn$;

-- a composite argument is an object
select described(row(1, 'a')::pair), described(row(null, 'b')::pair), described(null)
--> {"x":1,"y":"a"} | {"x":null,"y":"b"} | null

-- an object is a composite result
select made(1, 'a'), (made(2, 'b')).y
--> (1,a) | b

-- a missing property is NULL
select partly()
--> (,only)

-- a table's row
select person_name(p) from people p
--> Ada 1 true

-- nested
create function nested() returns outer_pair language plv8 as $fn$ return {p: {x: 1, y: 'a'}, list: [{x: 2, y: 'b'}, null]} $fn$;
create function deep(v outer_pair) returns text language plv8 as $fn$ return v.p.y + v.list.length + v.list[0].x $fn$;
select nested(), deep(nested())
--> ("(1,a)","{""(2,b)"",NULL}") | a22

-- a dropped column is not there
create table altered (a int, gone text, b text);
alter table altered drop column gone;
insert into altered values (1, 'x');
create function keys(r altered) returns altered language plv8 as $fn$ return {a: r.a + 1, b: Object.keys(r).join()} $fn$;
select keys(altered) from altered
--> (2,"a,b")

-- a changed type is noticed in an open session
alter table altered add column c int;
select keys(altered) from altered
--> (2,"a,b,c",)

-- something else than an object is an error
create function no_object() returns pair language plv8 as $fn$ return 5 $fn$;
select no_object()
--! 42804 or 38000 or XX000 or 22P02

-- a function of type record with a column list
create function any_row() returns record language plv8 as $fn$ return {m: 1, n: 'z'} $fn$;
select * from any_row() as r(m int, n text)
--> 1 | z
