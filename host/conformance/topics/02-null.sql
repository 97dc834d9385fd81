-- NULL and STRICT
-- NULL is null; null and undefined are NULL.

create function is_null(v int) returns bool language plv8 as $fn$ return v === null $fn$;
create function is_null_text(v text) returns bool language plv8 as $fn$ return v === null $fn$;
create function is_null_json(v jsonb) returns bool language plv8 as $fn$ return v === null $fn$;
create function strictly(v int) returns int language plv8 strict as $fn$ return 1 $fn$;
create function gives(v text) returns int language plv8 as $fn$
  if (v === 'null') return null
  if (v === 'undefined') return undefined
  if (v === 'nothing') return
  return 1
$fn$;

-- NULL arrives as null
select is_null(null), is_null(1), is_null_text(null), is_null_json(null), is_null_json('null')
--> t | f | t | t | t

-- a strict function is not called with NULL
select strictly(null), strictly(0)
--> NULL | 1

-- null, undefined and no return at all are NULL
select gives('null'), gives('undefined'), gives('nothing'), gives('x')
--> NULL | NULL | NULL | 1

create function json_null() returns jsonb language plv8 as $fn$ return null $fn$;
create function inner_null() returns jsonb language plv8 as $fn$ return {a: null, b: undefined, c: [undefined]} $fn$;

-- a null result of type jsonb is NULL; inside a value it is JSON's null
select json_null(), inner_null()
--> NULL | {"a": null, "c": [null]}
