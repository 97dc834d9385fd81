-- Scalar types
-- Numbers arrive as number, text as string, booleans as boolean; what comes back is checked.

create function kind_int2(v int2) returns text language plv8 as $fn$ return typeof v + ' ' + v $fn$;
create function kind_int4(v int4) returns text language plv8 as $fn$ return typeof v + ' ' + v $fn$;
create function kind_float4(v float4) returns text language plv8 as $fn$ return typeof v + ' ' + v $fn$;
create function kind_float8(v float8) returns text language plv8 as $fn$ return typeof v + ' ' + v $fn$;
create function kind_numeric(v numeric) returns text language plv8 as $fn$ return typeof v + ' ' + v $fn$;
create function kind_bool(v bool) returns text language plv8 as $fn$ return typeof v + ' ' + v $fn$;
create function kind_text(v text) returns text language plv8 as $fn$ return typeof v + ' ' + v $fn$;
create function kind_varchar(v varchar) returns text language plv8 as $fn$ return typeof v + ' ' + v $fn$;

-- int2 and int4 are numbers
select kind_int2('-32768'), kind_int4(2147483647)
--> number -32768 | number 2147483647

-- float4, float8 and numeric are numbers
select kind_float4(1.5), kind_float8('-Infinity'), kind_numeric(12.50)
--> number 1.5 | number -Infinity | number 12.5

-- booleans are booleans
select kind_bool(true), kind_bool(false)
--> boolean true | boolean false

-- text and its kin are strings, whatever the alphabet
select kind_text('hé𝄞'), kind_varchar('')
--> string hé𝄞 | string 

create function add(a int, b int) returns int language plv8 immutable strict as $fn$ return a + b $fn$;
create function as_int2(v float8) returns int2 language plv8 as $fn$ return v $fn$;
create function as_int4(v float8) returns int4 language plv8 as $fn$ return v $fn$;
create function as_float8(v text) returns float8 language plv8 as $fn$ return Number(v) $fn$;
create function as_bool(v int) returns bool language plv8 as $fn$ return [true, false, 1, 0, null, undefined][v] $fn$;
create function text_as_int4(v text) returns int4 language plv8 as $fn$ return v $fn$;

-- a result becomes the SQL type
select add(1, 2), as_int2(7), as_float8('1e-7'), as_float8('NaN')
--> 3 | 7 | 1e-07 | NaN

-- an integer at the ends of its range
select as_int4(-2147483648), as_int4(2147483647), as_int2(-32768), as_int2(32767)
--> -2147483648 | 2147483647 | -32768 | 32767

-- one above the range of int4 is an error
select as_int4(2147483648)
--! 22003
--or plv8 wraps around
--> -2147483648

-- one below the range of int2 is an error
select as_int2(-32769)
--! 22003
--or plv8 wraps around
--> 32767

-- NaN is no integer
select as_int4('NaN')
--! 22003
--or plv8 makes it 0
--> 0

-- Infinity is no integer
select as_int4('Infinity')
--! 22003
--or plv8 makes it some number
--> 0
--or plv8 makes it some number
--> 2147483647
--or plv8 makes it some number
--> -2147483648
--or plv8 makes it some number
--> -1

-- truth
select as_bool(0), as_bool(1), as_bool(2), as_bool(3), as_bool(4), as_bool(5)
--> t | f | t | f | NULL | NULL

-- a string is read as the type's text form
select text_as_int4('42')
--> 42

-- a string that is no number is an error
select text_as_int4('abc')
--! 22P02
--or plv8 makes it 0
--> 0

create function text_of(v int) returns text language plv8 as $fn$ return [1.5, true, 'x', 12345678901234567890n][v] $fn$;

-- whatever goes into text becomes a string as String() makes it
select text_of(0), text_of(1), text_of(2), text_of(3)
--> 1.5 | true | x | 12345678901234567890

create function with_nul() returns text language plv8 as $fn$ return 'a\u0000b' $fn$;

-- PostgreSQL's text has no NUL
select with_nul()
--! 22021
--or plv8 cuts the string off
--> a

create function uuid_of(v uuid) returns uuid language plv8 as $fn$ return v.toUpperCase() $fn$;
create function interval_of(v interval) returns text language plv8 as $fn$ return typeof v + ' ' + v $fn$;

-- any other type travels as its text
select uuid_of('7b0a2f3e-0000-4000-8000-00000000000a'), interval_of('1 day')
--> 7b0a2f3e-0000-4000-8000-00000000000a | string 1 day

create function does_nothing() returns void language plv8 as $fn$ return 5 $fn$;

-- void is void
select does_nothing() is null, does_nothing()::text
--> f | 
--or plv8 returns NULL
--> t | NULL
