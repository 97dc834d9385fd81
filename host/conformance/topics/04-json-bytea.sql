-- JSON and bytea
-- json and jsonb are JavaScript values, bytea is a Uint8Array.

create function kinds(v jsonb) returns text language plv8 as $fn$ return Array.isArray(v) ? 'array' : v === null ? 'null' : typeof v $fn$;
create function same(v jsonb) returns jsonb language plv8 as $fn$ return v $fn$;
create function same_json(v json) returns json language plv8 as $fn$ return v $fn$;
create function counted(v jsonb) returns jsonb language plv8 as $fn$ v.n++; return v $fn$;

-- every kind of JSON
select kinds('{}'), kinds('[]'), kinds('1'), kinds('"x"'), kinds('true'), kinds('null')
--> object | array | number | string | boolean | null

-- there and back
select same('{"a": [1, 2.5, null, "é"], "b": {"c": false}}')
--> {"a": [1, 2.5, null, "é"], "b": {"c": false}}

-- json too
select same_json('[1,  2]')
--> [1,2]

-- a changed object
select counted('{"n": 1, "s": "x"}')
--> {"n": 2, "s": "x"}

-- a string is a JSON string, not JSON text
create function text_value() returns jsonb language plv8 as $fn$ return '{"a": 1}' $fn$;
select text_value()
--> "{\"a\": 1}"

-- toJSON is honoured, as in JSON.stringify
create function with_date() returns jsonb language plv8 as $fn$ return {at: new Date(0), u: {toJSON() { return 'u' }}} $fn$;
select with_date()
--> {"u": "u", "at": "1970-01-01T00:00:00.000Z"}

-- a cyclic object is an error, and the session goes on
create function cyclic() returns jsonb language plv8 as $fn$ const o = {}; o.o = o; return o $fn$;
select cyclic()
--! 38000 or XX000

-- a big document
create function big() returns jsonb language plv8 as $fn$ return Array.from({length: 20000}, (_, i) => ({i, s: 'text ' + i})) $fn$;
select jsonb_array_length(big()), big() -> 19999 ->> 's'
--> 20000 | text 19999

-- a result of 8 MB
create function wide() returns jsonb language plv8 as $fn$ return {s: 'x'.repeat(8000000)} $fn$;
select length(wide() ->> 's')
--> 8000000

create function bytes(v bytea) returns text language plv8 as $fn$ return (v instanceof Uint8Array) + ' ' + Array.from(v).join() $fn$;
create function reversed(v bytea) returns bytea language plv8 as $fn$ return v.reverse() $fn$;
create function made(n int) returns bytea language plv8 as $fn$ const b = new Uint8Array(n); for (let i = 0; i < n; i++) b[i] = i; return b $fn$;

-- bytea is a Uint8Array
select bytes('\x00ff10'), bytes('')
--> true 0,255,16 | true 

-- and comes back
select reversed('\x0102ff'), made(4), length(made(100000))
--> \xff0201 | \x00010203 | 100000

-- a compressed value arrives whole
create table toasted (b bytea, j jsonb);
insert into toasted select convert_to(repeat('abc', 100000), 'UTF8'), jsonb_build_object('k', repeat('z', 100000));
create function lengths(b bytea, j jsonb) returns text language plv8 as $fn$ return b.length + ' ' + j.k.length $fn$;
select lengths(b, j) from toasted
--> 300000 100000
