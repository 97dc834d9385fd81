-- Arrays
-- T[] is an Array with null for NULL.

create function described(v int[]) returns text language plv8 as $fn$ return Array.isArray(v) + ' ' + JSON.stringify(v) $fn$;
create function same_int(v int[]) returns int[] language plv8 as $fn$ return v $fn$;
create function same_real(v real[]) returns real[] language plv8 as $fn$ return v $fn$;
create function same_double(v float8[]) returns float8[] language plv8 as $fn$ return v $fn$;
create function same_text(v text[]) returns text[] language plv8 as $fn$ return v $fn$;
create function same_bool(v bool[]) returns bool[] language plv8 as $fn$ return v $fn$;
create function same_json(v jsonb[]) returns jsonb[] language plv8 as $fn$ return v $fn$;
create function same_date(v timestamptz[]) returns timestamptz[] language plv8 as $fn$ return v $fn$;

-- an array is an Array
select described('{1,2,3}'), described('{1,NULL,3}'), described('{}')
--> true [1,2,3] | true [1,null,3] | true []

-- there and back
select same_int('{1,NULL,3}'), same_real('{1.5,2.5}'), same_double('{1e300,-0.5}'), same_bool('{t,f,NULL}')
--> {1,NULL,3} | {1.5,2.5} | {1e+300,-0.5} | {t,f,NULL}

-- text with everything that needs quotes
select same_text(array['a', 'b,c', '', null, 'NULL', '"', '{}', 'é'])
--> {a,"b,c","",NULL,"NULL","\"","{}",é}

-- an empty array stays empty
select same_int('{}'), same_text('{}'), cardinality(same_int('{}'))
--> {} | {} | 0

-- JSON elements
select same_json(array['[1]', '{"a": 1}', null]::jsonb[])
--> {[1],"{\"a\": 1}",NULL}

-- a hole and undefined are NULL
create function holes() returns int[] language plv8 as $fn$ const a = [1]; a[2] = 3; a.push(undefined); return a $fn$;
select holes()
--> {1,NULL,3,NULL}

-- an element out of range is an error
create function too_big() returns int[] language plv8 as $fn$ return [1, 2147483648] $fn$;
select too_big()
--! 22003
--or plv8 wraps around
--> {1,-2147483648}

-- a long array
create function many(n int) returns int[] language plv8 as $fn$ return Array.from({length: n}, (_, i) => i) $fn$;
select cardinality(many(100000)), (many(100000))[100000]
--> 100000 | 99999

-- a typed array is an array too
create function typed() returns int[] language plv8 as $fn$ return new Int32Array([1, -2, 3]) $fn$;
select typed()
--> {1,-2,3}

-- two dimensions are arrays of arrays
create function grid(v int[]) returns text language plv8 as $fn$ return JSON.stringify(v) $fn$;
create function grid_back(v int[]) returns int[] language plv8 as $fn$ return v $fn$;
select grid('{{1,2},{3,4}}'), grid_back('{{1,2},{3,4}}')
--> [[1,2],[3,4]] | {{1,2},{3,4}}
--or plv8 flattens
--> [1,2,3,4] | {1,2,3,4}
