-- Polymorphic and VARIADIC
-- The argument's actual type decides.

create function kind(v anyelement) returns text language plv8 as $fn$ return v instanceof Date ? 'Date' : Array.isArray(v) ? 'Array' : typeof v $fn$;
create function same(v anyelement) returns anyelement language plv8 as $fn$ return v $fn$;
create function appended(a anyarray, e anyelement) returns anyarray language plv8 as $fn$ a.push(e); return a $fn$;

-- each call its type
select kind(1), kind('x'::text), kind(true), kind(now()), kind(array[1])
--> number | string | boolean | Date | Array

-- the result has the type of the argument
select same(1), same('x'::text), same(1.5::numeric), pg_typeof(same('{}'::jsonb))
--> 1 | x | 1.5 | jsonb

-- arrays
select appended(array[1, 2], 3), appended(array['a'], 'b'::text)
--> {1,2,3} | {a,b}

-- VARIADIC is an array
create function summed(variadic v int[]) returns int language plv8 as $fn$ return v.reduce((a, b) => a + b, 0) $fn$;
select summed(1, 2, 3), summed(variadic array[4, 5])
--> 6 | 9

-- one function, two types in one query
select kind(a), kind(b) from (values (1, 'x'::text)) v(a, b)
--> number | string
