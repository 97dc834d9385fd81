create or replace function penstock._operator_class(
  vector_type text,
  metric text
)
returns text
immutable
parallel safe
language sql
as $fn$
  select case when vector_type = 'bit' then 'bit_hamming_ops' else vector_type || '_' || metric || '_ops' end
$fn$;

comment on function penstock._operator_class is
  'The operator class of pgvector for a type and a metric; bits are compared by Hamming distance.';

revoke all on function penstock._operator_class from public;
grant execute on function penstock._operator_class to penstock_user;

create or replace view penstock._vector_indexes
with (security_invoker = true)
as
select
  c.id as collection_id,
  i.indexrelid::regclass as index,
  m.amname::text as kind,
  o.opcname::text as operator_class,
  o.opcname = penstock._operator_class(c.vector_type, c.metric) as serves_search,
  i.indisvalid and i.indisready as usable
from penstock._collections c
join pg_catalog.pg_attribute a on a.attrelid = c.relation and a.attname = c.vector_column and not a.attisdropped
join pg_catalog.pg_index i on i.indrelid = c.relation and i.indnatts = 1 and i.indkey[0] = a.attnum
join pg_catalog.pg_opclass o on o.oid = i.indclass[0]
join pg_catalog.pg_am m on m.oid = o.opcmethod
where m.amname in ('hnsw', 'ivfflat');

comment on view penstock._vector_indexes is
  'The vector indexes on the vector column of each collection. serves_search is false for one whose operator class belongs to another metric.';

revoke all on penstock._vector_indexes from public;
grant select on penstock._vector_indexes to penstock_user;

create or replace function penstock._check_index(
  vector_type text,
  dimensions int,
  metric text,
  index_kind text
)
returns void
immutable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  if metric is null or metric not in ('l2', 'cosine', 'ip', 'l1') then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected a metric, got %L', pg_catalog.left(metric, 100)),
      hint = 'Metrics: cosine, l2, ip (inner product), l1.';
  end if;
  if index_kind is null or index_kind not in ('hnsw', 'ivfflat', 'none') then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected a kind of index, got %L', pg_catalog.left(index_kind, 100)),
      hint = 'Kinds: hnsw, ivfflat (built after the load), none (exact search).';
  end if;
  if dimensions is null or dimensions not between 1 and 16000 then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected 1 to 16000 dimensions, got %s', coalesce(dimensions::text, 'NULL'));
  end if;
  if vector_type is null or vector_type not in ('vector', 'halfvec') then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected storage vector or halfvec, got %L', pg_catalog.left(vector_type, 100));
  end if;
  if index_kind = 'ivfflat' and metric = 'l1' then
    raise exception using errcode = '22023',
      message = 'expected a metric that IVFFlat has, got l1',
      hint = 'Use an hnsw index for l1.';
  end if;
  if index_kind <> 'none' and dimensions > (case vector_type when 'vector' then 2000 else 4000 end) then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected at most %s dimensions for an index on %s, got %s',
        case vector_type when 'vector' then 2000 else 4000 end, vector_type, dimensions),
      hint = case vector_type
        when 'vector' then 'Use storage halfvec (up to 4000 dimensions with an index), or index none.'
        else 'Use index none: search is then exact.'
      end;
  end if;
end
$fn$;

comment on function penstock._check_index is
  'Raises 22023 unless pgvector can hold and index vectors of this type, dimension, metric and kind of index.';

create or replace function penstock._index_statement(
  collection penstock._collections
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return pg_catalog.format('create index on %s using %s (%I %s.%s)%s',
    collection.relation,
    collection.index_kind,
    collection.vector_column,
    penstock._vector_schema(),
    penstock._operator_class(collection.vector_type, collection.metric),
    case collection.index_kind
      when 'hnsw' then pg_catalog.format(' with (m = %s, ef_construction = %s)',
        coalesce((collection.options ->> 'm')::int, 16), coalesce((collection.options ->> 'ef_construction')::int, 64))
      else pg_catalog.format(' with (lists = %s)', (collection.options ->> 'lists')::int)
    end);
end
$fn$;

comment on function penstock._index_statement is
  'The CREATE INDEX statement for the vector index that a registry row describes.';

create or replace function penstock.build_index(
  collection text,
  index text default null,
  m int default null,
  ef_construction int default null,
  lists int default null
)
returns void
volatile
parallel unsafe
set search_path = ''
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  existing regclass;
  row_count bigint;
begin
  target.index_kind := coalesce(index, target.index_kind);
  if target.sealed then
    perform penstock._build_sealed_indexes(target, index, m, ef_construction, lists);
    return;
  end if;
  perform penstock._check_index(target.vector_type, target.dimensions, target.metric, target.index_kind);
  if target.index_kind = 'none' then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected the kind of index to build, for collection %L has none', collection),
      hint = pg_catalog.format('select penstock.build_index(%L, index => ''hnsw'')', collection);
  end if;
  select v.index into existing
  from penstock._vector_indexes v
  where v.collection_id = target.id and v.serves_search and v.usable;
  if found then
    raise exception using errcode = '42710',
      message = pg_catalog.format('collection %L already has the index %s', collection, existing),
      hint = pg_catalog.format('Rebuild it with: reindex index concurrently %s. Or drop it first.', existing);
  end if;
  perform integrity.enter(target.name, 'index_build');

  if target.index_kind = 'ivfflat' then
    execute pg_catalog.format('select pg_catalog.count(%I) from %s', target.vector_column, target.relation) into row_count;
    if row_count = 0 then
      raise exception using errcode = '55000',
        message = pg_catalog.format('expected rows in collection %L before an IVFFlat index, got none', collection),
        hint = 'IVFFlat takes its lists from the data: load first, then build.';
    end if;
    /* The advice of pgvector: rows / 1000 up to a million rows, the square root above. */
    lists := coalesce(lists, (target.options ->> 'lists')::int,
      greatest(1, case when row_count <= 1000000 then row_count / 1000 else pg_catalog.sqrt(row_count) end)::int);
    target.options := target.options || pg_catalog.jsonb_build_object('lists', lists);
  else
    target.options := target.options || pg_catalog.jsonb_strip_nulls(
      pg_catalog.jsonb_build_object('m', m, 'ef_construction', ef_construction));
  end if;
  execute penstock._index_statement(target);
  update penstock._collections c
  set index_kind = target.index_kind, options = target.options
  where c.id = target.id;
end
$fn$;

comment on function penstock.build_index is
  'Builds the vector index of a collection in this transaction. Writers wait until it commits (SHARE lock); reads go on. IVFFlat chooses its lists from the number of rows. Raises 42710 when a usable one is there.';

revoke all on function penstock._check_index from public;
revoke all on function penstock._index_statement from public;
revoke all on function penstock.build_index from public;
grant execute on function penstock._check_index to penstock_user;
grant execute on function penstock._index_statement to penstock_user;
grant execute on function penstock.build_index to penstock_user;
