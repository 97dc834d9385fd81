-- OUT and INOUT
-- One OUT argument is a plain result, several are an object with their names.

create function one_out(a int, out b int) language plv8 as $fn$ return a + 1 $fn$;
create function two_out(a int, out b int, out c text) language plv8 as $fn$ return {b: a + 1, c: 'c' + a} $fn$;
create function in_out(inout a int, inout b text) language plv8 as $fn$ return {a: a * 2, b: b + b} $fn$;
create function rows_out(n int, out i int, out s text) returns setof record language plv8 as $fn$
  for (let i = 0; i < n; i++) plv8.return_next({i, s: 's' + i})
$fn$;

-- one OUT argument
select one_out(1)
--> 2

-- two OUT arguments
select b, c from two_out(1)
--> 2 | c1

-- INOUT arguments are given and returned
select * from in_out(3, 'x')
--> 6 | xx

-- a set of OUT arguments
select * from rows_out(2)
--> 0 | s0
--> 1 | s1

-- named and default arguments
create function with_defaults(a int default 3, b text default 'q') returns text language plv8 as $fn$ return a + b $fn$;
select with_defaults(), with_defaults(b => 'z')
--> 3q | 3z

-- arguments without a name
create function nameless(int, int) returns int language plv8 as $fn$ return $1 * $2 $fn$;
select nameless(6, 7)
--> 42
