create or replace function penstock._id_type(
  target penstock._collections
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  /* Not the text of the regtype: that of bpchar is character, which would cut ids to one letter. */
  return (
    select pg_catalog.format('%I.%I', n.nspname, t.typname)
    from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where t.oid = target.id_type
  );
end
$fn$;

comment on function penstock._id_type is 'The type of the id column, quoted, for a cast.';

create or replace function penstock._check_batch(
  target penstock._collections,
  ids text[],
  vectors vector[],
  metadata jsonb[]
)
returns void
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  fault record;
begin
  if target.sealed then
    perform penstock._refuse_sealed(target);
  end if;
  if ids is null or vectors is null then
    raise exception using errcode = '22004', message = 'expected a list of ids and a list of vectors, got NULL';
  end if;
  if pg_catalog.cardinality(ids) = 0 then
    raise exception using errcode = '22023',
      message = 'expected at least one row, got an empty batch',
      hint = 'Skip the call when there is nothing to write.';
  end if;
  if pg_catalog.array_ndims(ids) <> 1 or pg_catalog.array_ndims(vectors) <> 1 or pg_catalog.array_ndims(metadata) <> 1 then
    raise exception using errcode = '22023', message = 'expected lists of one dimension, got nested arrays';
  end if;
  if pg_catalog.cardinality(ids) <> pg_catalog.cardinality(vectors)
    or pg_catalog.cardinality(ids) <> pg_catalog.cardinality(metadata) then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected %s vectors and metadata for %s ids, got %s vectors and %s metadata',
        pg_catalog.cardinality(ids), pg_catalog.cardinality(ids), pg_catalog.cardinality(vectors),
        coalesce(pg_catalog.cardinality(metadata)::text, 'no'));
  end if;

  execute pg_catalog.format(
    'select u.position, u.id, u.vector is null as no_vector, %1$s.vector_dims(u.vector) as dimensions, u.metadata is null as no_metadata
    from unnest($1, $2, coalesce($3, array_fill(''{}''::jsonb, array[cardinality($1)]))) with ordinality as u(id, vector, metadata, position)
    where u.id is null or u.vector is null or u.metadata is null
      or %1$s.vector_dims(u.vector) <> $4
      or ($5 and %1$s.vector_norm(u.vector) = 0)
    order by u.position
    limit 1',
    penstock._vector_schema())
  into fault using ids, vectors, metadata, target.dimensions, target.metric = 'cosine';
  if fault.position is not null then
    raise exception using
      errcode = case when fault.id is null or fault.no_vector or fault.no_metadata then '22004' else '22023' end,
      message = pg_catalog.format('row %s: %s', fault.position, case
        when fault.id is null then 'expected an id, got NULL'
        when fault.no_vector then 'expected a vector, got NULL'
        when fault.no_metadata then 'expected metadata, got NULL'
        when fault.dimensions <> target.dimensions then
          pg_catalog.format('expected %s dimensions, got %s', target.dimensions, fault.dimensions)
        else 'expected a vector with a direction, got only zeros, which cosine cannot compare'
      end),
      detail = pg_catalog.jsonb_build_object('collection', target.name, 'position', fault.position, 'id', fault.id)::text,
      hint = case when fault.no_metadata then 'Empty metadata is {}. ' else '' end || 'No row of the batch was written.';
  end if;

  select u.id, pg_catalog.min(u.position) as first, pg_catalog.max(u.position) as last into fault
  from unnest(ids) with ordinality as u(id, position)
  group by u.id
  having pg_catalog.count(*) > 1
  order by 2
  limit 1;
  if found then
    raise exception using errcode = '21000',
      message = pg_catalog.format('rows %s and %s: expected each id once in a batch, got %L twice', fault.first, fault.last,
        pg_catalog.left(fault.id, 100)),
      detail = pg_catalog.jsonb_build_object('collection', target.name, 'positions', array[fault.first, fault.last], 'id', fault.id)::text;
  end if;
end
$fn$;

comment on function penstock._check_batch is
  'Raises on the first row of a batch that the collection cannot hold, with its position (from 1): 22004 for NULL, 22023 for a wrong dimension or a zero vector under cosine, 21000 for an id that comes twice.';

create or replace function penstock.upsert_many(
  collection text,
  ids text[],
  vectors vector[],
  metadata jsonb[] default null
)
returns bigint
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  written bigint;
begin
  perform penstock._check_batch(target, ids, vectors, metadata);
  if target.metadata_column is null and metadata is not null and exists (select from unnest(metadata) as m where m <> '{}') then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected no metadata, for the table of collection %L has no column for it', collection);
  end if;
  execute pg_catalog.format(
    'insert into %1$s (%2$I, %3$I %4$s)
    select u.id::%5$s, u.vector::%6$s.%7$s(%8$s) %9$s
    from unnest($1, $2, coalesce($3, array_fill(''{}''::jsonb, array[cardinality($1)]))) as u(id, vector, metadata)
    on conflict (%2$I) do update set %3$I = excluded.%3$I %10$s',
    target.relation, target.id_column, target.vector_column, ', ' || pg_catalog.quote_ident(target.metadata_column),
    penstock._id_type(target), penstock._vector_schema(), target.vector_type, target.dimensions,
    case when target.metadata_column is not null then ', u.metadata' end,
    pg_catalog.format(case when target.metadata_column is not null then ', %1$I = excluded.%1$I' end, target.metadata_column))
  using ids, vectors, metadata;
  get diagnostics written = row_count;
  return written;
end
$fn$;

comment on function penstock.upsert_many is
  'Inserts or replaces rows from three lists of equal length, all or none. Drivers send vectors as text in an array: {"[1,2]","[3,4]"}. Metadata defaults to {} for every row. Returns the number of rows written.';

create or replace function penstock.upsert(
  collection text,
  id text,
  "vector" vector,
  metadata jsonb default '{}'
)
returns void
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
begin
  perform penstock.upsert_many(collection, array[id], array[upsert."vector"], array[metadata]);
end
$fn$;

comment on function penstock.upsert is
  'Inserts a vector with its metadata, or replaces both where the id exists.';

create or replace function penstock.delete(
  collection text,
  variadic ids text[]
)
returns bigint
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  deleted bigint;
begin
  if ids is null then
    raise exception using errcode = '22004', message = 'expected ids, got NULL';
  end if;
  execute pg_catalog.format('delete from %s where %I = any ($1::%s[])', target.relation, target.id_column, penstock._id_type(target))
  using ids;
  get diagnostics deleted = row_count;
  return deleted;
end
$fn$;

comment on function penstock.delete is
  'Deletes rows by id and returns how many there were. A list: select penstock.delete(name, variadic ids).';

revoke all on function penstock._id_type from public;
revoke all on function penstock._check_batch from public;
revoke all on function penstock.upsert_many from public;
revoke all on function penstock.upsert from public;
revoke all on function penstock.delete from public;
grant execute on function penstock._id_type to penstock_user;
grant execute on function penstock._check_batch to penstock_user;
grant execute on function penstock.upsert_many to penstock_user;
grant execute on function penstock.upsert to penstock_user;
grant execute on function penstock.delete to penstock_user;
