/*
 * A filter is a JSON object. It becomes SQL text in which every key and every value is a
 * quoted literal, so that an index on the metadata can serve it: containment (@>) for
 * equality, $in and $contains; expressions of the form (metadata -> 'key') for ranges.
 */
create or replace function penstock._filter_sql(
  metadata text,
  filter jsonb,
  path text[] default '{}',
  depth int default 0
)
returns text
immutable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  entry record;
  conditions text[] := '{}';
begin
  if pg_catalog.jsonb_typeof(filter) is distinct from 'object' then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected a filter that is a JSON object, got %s', coalesce(pg_catalog.jsonb_typeof(filter), 'NULL')),
      hint = 'For example: {"year": {"$gte": 2020}, "lang": "en"}.';
  end if;
  if depth > 32 then
    raise exception using
      errcode = '22023',
      message = 'expected a filter of at most 32 levels, got a deeper one';
  end if;

  for entry in select e.key, e.value from pg_catalog.jsonb_each(filter) as e loop
    conditions := conditions || case
      when entry.key in ('$and', '$or') then penstock._filter_list_sql(metadata, entry.key, entry.value, path, depth + 1)
      when entry.key = '$not' then
        pg_catalog.format('(%s is not true)', penstock._filter_sql(metadata, entry.value, path, depth + 1))
      when entry.key like '$%' then penstock._filter_operator_sql(metadata, path, entry.key, entry.value)
      when pg_catalog.jsonb_typeof(entry.value) = 'object' and entry.value <> '{}' then
        penstock._filter_sql(metadata, entry.value, path || entry.key, depth + 1)
      else penstock._filter_operator_sql(metadata, path || entry.key, '$eq', entry.value)
    end;
  end loop;
  return case
    when conditions = '{}' then '(true)'
    else '(' || pg_catalog.array_to_string(conditions, ' and ') || ')'
  end;
end
$fn$;

comment on function penstock._filter_sql is
  'SQL condition for a metadata filter. The first argument is the SQL of the metadata column, trusted and already quoted; everything from the filter is quoted here.';

create or replace function penstock._filter_list_sql(
  metadata text,
  operator_name text,
  filters jsonb,
  path text[],
  depth int
)
returns text
immutable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  conditions text[];
begin
  if pg_catalog.jsonb_typeof(filters) <> 'array' or filters = '[]' then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected a list of at least one filter for %s, got %s', operator_name, pg_catalog.left(filters::text, 100));
  end if;
  select pg_catalog.array_agg(penstock._filter_sql(metadata, f.value, path, depth))
  into conditions
  from pg_catalog.jsonb_array_elements(filters) as f;
  return '(' || pg_catalog.array_to_string(conditions, case operator_name when '$and' then ' and ' else ' or ' end) || ')';
end
$fn$;

comment on function penstock._filter_list_sql is
  'SQL condition for $and and $or: a list of filters, joined.';

create or replace function penstock._nest(
  path text[],
  value jsonb
)
returns jsonb
immutable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  for i in reverse pg_catalog.cardinality(path)..1 loop
    value := pg_catalog.jsonb_build_object(path[i], value);
  end loop;
  return value;
end
$fn$;

comment on function penstock._nest is
  'A value inside one object for each key of a path: {a,b} and 1 give {"a": {"b": 1}}.';

create or replace function penstock._filter_operator_sql(
  metadata text,
  path text[],
  operator_name text,
  value jsonb
)
returns text
immutable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  kind text := pg_catalog.jsonb_typeof(value);
  parent text := metadata;
  field text;
  expected text;
begin
  if operator_name not in ('$eq', '$ne', '$in', '$gt', '$gte', '$lt', '$lte', '$exists', '$contains') then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected a filter operator, got %L', pg_catalog.left(operator_name, 100)),
      hint = 'Operators: $eq, $ne, $in, $gt, $gte, $lt, $lte, $exists, $contains, $and, $or, $not.';
  end if;
  if path = '{}' then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected a key of the metadata around %s', operator_name),
      hint = pg_catalog.format('For example: {"year": {"%s": ...}}.', operator_name);
  end if;
  expected := case
    when operator_name in ('$gt', '$gte', '$lt', '$lte') and kind not in ('number', 'string') then 'a number or a string'
    when operator_name = '$exists' and kind <> 'boolean' then 'true or false'
    when operator_name = '$in' and (kind <> 'array' or pg_catalog.jsonb_path_exists(value, 'strict $[*] ? (@.type() == "array" || @.type() == "object")'))
      then 'a list of strings, numbers, booleans and nulls'
  end;
  if expected is not null then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected %s for %s, got %s', expected, operator_name, pg_catalog.left(value::text, 100));
  end if;

  for i in 1..pg_catalog.cardinality(path) - 1 loop
    parent := pg_catalog.format('%s -> %L', parent, path[i]);
  end loop;
  field := pg_catalog.format('(%s -> %L)', parent, path[pg_catalog.cardinality(path)]);

  case
    when operator_name = '$eq' and kind not in ('array', 'object') then
      return pg_catalog.format('(%s @> %L::jsonb)', metadata, penstock._nest(path, value));
    when operator_name = '$eq' then
      /* Containment alone would accept supersets; it is there for the index. */
      return pg_catalog.format('(%s @> %L::jsonb and %s = %L::jsonb)', metadata, penstock._nest(path, value), field, value);
    when operator_name = '$ne' then
      return pg_catalog.format('(%s is not true)', penstock._filter_operator_sql(metadata, path, '$eq', value));
    when operator_name = '$contains' then
      return pg_catalog.format('(%s @> %L::jsonb)', metadata, penstock._nest(path,
        case when kind in ('array', 'object') then value else pg_catalog.jsonb_build_array(value) end));
    when operator_name = '$in' then
      return (
        select pg_catalog.format('(%s @> any (%L::jsonb[]))', metadata,
          coalesce(pg_catalog.array_agg(penstock._nest(path, v.value)), '{}'))
        from pg_catalog.jsonb_array_elements(value) as v
      );
    when operator_name = '$exists' then
      return pg_catalog.format(
        case when value::boolean then '(%s ? %L)' else '((%s ? %L) is not true)' end,
        parent, path[pg_catalog.cardinality(path)]);
    else
      /* JSON orders different types among each other; a range means one type. */
      return pg_catalog.format('(%s %s %L::jsonb and pg_catalog.jsonb_typeof(%s) = %L)', field,
        case operator_name when '$gt' then '>' when '$gte' then '>=' when '$lt' then '<' else '<=' end,
        value, field, kind);
  end case;
end
$fn$;

comment on function penstock._filter_operator_sql is
  'SQL condition for one operator on one path of the metadata. Raises 22023 for an unknown operator, with the list of known ones, or for a value of the wrong type.';

revoke all on function penstock._filter_sql from public;
revoke all on function penstock._filter_list_sql from public;
revoke all on function penstock._filter_operator_sql from public;
revoke all on function penstock._nest from public;
grant execute on function penstock._filter_sql to penstock_user;
grant execute on function penstock._filter_list_sql to penstock_user;
grant execute on function penstock._filter_operator_sql to penstock_user;
grant execute on function penstock._nest to penstock_user;
