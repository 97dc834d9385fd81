-- Bigint
-- int8 is a BigInt in both directions.

create function kind(v int8) returns text language plv8 as $fn$ return typeof v + ' ' + v $fn$;
create function back(v int8) returns int8 language plv8 as $fn$ return v $fn$;
create function next(v int8) returns int8 language plv8 as $fn$ return v + 1n $fn$;
create function from_number(v float8) returns int8 language plv8 as $fn$ return v $fn$;
create function from_text(v text) returns int8 language plv8 as $fn$ return v $fn$;
create function to_int4(v int8) returns int4 language plv8 as $fn$ return v $fn$;

-- int8 is a bigint
select kind(0), kind(9007199254740993)
--> bigint 0 | bigint 9007199254740993

-- the whole range, unharmed
select back(9223372036854775807), back('-9223372036854775808'), back(9007199254740993)
--> 9223372036854775807 | -9223372036854775808 | 9007199254740993

-- BigInt arithmetic
select next(9007199254740992)
--> 9007199254740993

-- a BigInt above the range is an error
select next(9223372036854775807)
--! 22003
--or plv8 wraps around
--> -9223372036854775808

-- a number becomes an int8
select from_number(-5), from_number(9007199254740992)
--> -5 | 9007199254740992

-- a number above the range is an error
select from_number(9.3e18)
--! 22003
--or plv8 makes it some number
--> 9223372036854775807
--or plv8 makes it some number
--> -9223372036854775808

-- a string is read as the type's text form
select from_text('-12')
--> -12

-- a BigInt in range becomes a smaller integer
select to_int4(7)
--> 7

-- and out of range an error
select to_int4(2147483648)
--! 22003
--or plv8 wraps around
--> -2147483648
--or plv8 refuses BigInt for int4
--> 0

-- an array of int8 holds BigInts
create function kinds(v int8[]) returns text language plv8 as $fn$ return v.map((x) => typeof x + x).join() $fn$;
select kinds('{1,9007199254740993,-1}')
--> bigint1,bigint9007199254740993,bigint-1

-- a row holds BigInts
create function in_row() returns text language plv8 as $fn$ const [r] = plv8.execute('select 1::int8 as n'); return typeof r.n $fn$;
select in_row()
--> bigint

-- JSON has no BigInt, as JSON.stringify says
create function in_json() returns jsonb language plv8 as $fn$ return {n: 1n} $fn$;
select in_json()
--! 38000 or XX000
--or plv8 writes it as a number
--> {"n": 1}
