create or replace function penstock.get(
  collection text,
  variadic ids text[]
)
returns table (id text, "vector" vector, metadata jsonb)
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
begin
  if ids is null then
    raise exception using errcode = '22004', message = 'expected ids, got NULL';
  end if;
  if target.sealed then
    perform penstock._refuse_sealed(target);
  end if;
  perform integrity.enter(collection, 'read');
  return query execute pg_catalog.format(
    'select t.%1$I::text, t.%2$I::%3$s.vector, %4$s
    from %5$s t
    where t.%1$I = any ($1::%6$s[])
    order by array_position($1, t.%1$I::text)',
    target.id_column, target.vector_column, penstock._vector_schema(),
    pg_catalog.format(case when target.metadata_column is null then 'null::jsonb' else 't.%I' end, target.metadata_column),
    target.relation, penstock._id_type(target))
  using ids;
end
$fn$;

comment on function penstock.get is
  'Rows by id, in the order asked for; an id that is not there gives no row. A list: select * from penstock.get(name, variadic ids).';

create or replace function penstock.count(
  collection text,
  filter jsonb default null
)
returns bigint
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  condition text := penstock._condition(target, filter);
  matching bigint;
begin
  perform integrity.enter(collection, 'read');
  execute pg_catalog.format('select count(*) from %s t where %s', target.relation, condition) into matching;
  return matching;
end
$fn$;

comment on function penstock.count is
  'How many rows that the caller may see match a filter; without one, all. Exact, so it reads them.';

create or replace function penstock.stats(
  collection text
)
returns table (
  row_count bigint,
  table_bytes bigint,
  index_bytes bigint,
  total_bytes bigint,
  dimensions int,
  metric text,
  vector_type text,
  index_kind text,
  index_usable boolean
)
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
begin
  row_count := penstock.count(collection);
  /* Sizes would tell a tenant how much the others have. */
  if not pg_catalog.row_security_active(target.relation) then
    select
      pg_catalog.sum(pg_catalog.pg_table_size(t."table")),
      pg_catalog.sum(pg_catalog.pg_indexes_size(t."table")),
      pg_catalog.sum(pg_catalog.pg_total_relation_size(t."table"))
    into table_bytes, index_bytes, total_bytes
    from penstock._tables t
    where t.collection_id = target.id;
  end if;
  dimensions := target.dimensions;
  metric := target.metric;
  vector_type := target.vector_type;
  index_kind := target.index_kind;
  index_usable := exists (
    select from penstock._vector_indexes v where v.collection_id = target.id and v.serves_search and v.usable
  );
  return next;
end
$fn$;

comment on function penstock.stats is
  'One row about a collection: rows that the caller may see, bytes of table and indexes over all partitions, and whether the vector index can serve. Sizes are NULL for a caller whom row security binds.';

revoke all on function penstock.get from public;
revoke all on function penstock.count from public;
revoke all on function penstock.stats from public;
grant execute on function penstock.get to penstock_user;
grant execute on function penstock.count to penstock_user;
grant execute on function penstock.stats to penstock_user;
