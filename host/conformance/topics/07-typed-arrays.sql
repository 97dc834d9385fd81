-- Typed-array domains
-- plv8_int2array, plv8_int4array, plv8_int8array, plv8_float4array and plv8_float8array are typed arrays.

create function kind2(v plv8_int2array) returns text language plv8 as $fn$ return v.constructor.name + ' ' + v.length + ' ' + v[1] $fn$;
create function kind4(v plv8_int4array) returns text language plv8 as $fn$ return v.constructor.name + ' ' + v.length + ' ' + v[1] $fn$;
create function kindf4(v plv8_float4array) returns text language plv8 as $fn$ return v.constructor.name + ' ' + v.length + ' ' + v[1] $fn$;
create function kindf8(v plv8_float8array) returns text language plv8 as $fn$ return v.constructor.name + ' ' + v.length + ' ' + v[1] $fn$;

-- each domain its kind
select kind2('{1,2,3}'), kind4('{1,2,3}'), kindf4('{1,2.5}'), kindf8('{1,0.1}')
--> Int16Array 3 2 | Int32Array 3 2 | Float32Array 2 2.5 | Float64Array 2 0.1

-- int8 is a BigInt64Array
create function kind8(v plv8_int8array) returns text language plv8 as $fn$ return v.constructor.name + ' ' + v.length + ' ' + v[1] $fn$;
select kind8('{1,9007199254740993}')
--> BigInt64Array 2 9007199254740993

create function scaled(v plv8_float4array) returns plv8_float4array language plv8 as $fn$
  for (let i = 0; i < v.length; i++) v[i] *= 2
  return v
$fn$;
create function counted(n int) returns plv8_int4array language plv8 as $fn$
  const a = new Int32Array(n)
  for (let i = 0; i < n; i++) a[i] = i
  return a
$fn$;

-- results
select scaled('{1.5,2}'), counted(4), cardinality(counted(100000))
--> {3,4} | {0,1,2,3} | 100000

-- what is written to an argument stays in the call
create table held (v plv8_float4array);
insert into held values ('{1,2}');
select scaled(v), v from held
--> {2,4} | {1,2}
--or plv8 writes into the stored value
--> {2,4} | {2,4}

-- NULL elements have no place in a typed array
select kind4('{1,NULL,3}')
--! 22004
--or plv8 reads on
--> Int32Array 3 3
--or plv8 reads on
--> Int32Array 2 3
--or plv8 makes an ordinary array
--> Array 3 null

-- NULL itself is null
create function absent(v plv8_int4array) returns bool language plv8 as $fn$ return v === null $fn$;
select absent(null)
--> t

-- empty
create function empty(v plv8_int4array) returns int language plv8 as $fn$ return v.length $fn$;
select empty('{}'), counted(0)
--> 0 | {}
