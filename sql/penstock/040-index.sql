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

create or replace function penstock._ivfflat_lists(
  row_count float8
)
returns int
immutable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  /* The advice of pgvector: rows / 1000 up to a million rows, the square root above; 32768 is its limit. */
  return least(greatest(
    case when row_count <= 1000000 then row_count / 1000 else pg_catalog.sqrt(row_count) end, 1
  ), 32768)::int;
end
$fn$;

comment on function penstock._ivfflat_lists is
  'How many lists an IVFFlat index over that many rows should have.';

create or replace function penstock._row_estimate(
  relation regclass
)
returns float8
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  total float8 := 0;
  one float8;
  leaf regclass;
begin
  for leaf, one in
    select c.oid::regclass, c.reltuples
    from pg_catalog.pg_class c
    where c.relkind in ('r', 'm')
      and (c.oid = relation or c.oid in (select t.relid from pg_catalog.pg_partition_tree(relation) t))
  loop
    if one <= 0 then
      execute pg_catalog.format('select pg_catalog.count(*) from %s', leaf) into one;
    end if;
    total := total + one;
  end loop;
  return total;
end
$fn$;

comment on function penstock._row_estimate is
  'Rows of a table and of all its partitions as the last ANALYZE saw them; counted where there was none.';

create or replace function penstock._index_definition(
  target penstock._collections,
  relation regclass
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return pg_catalog.format('using %s (%I %s.%s)%s',
    target.index_kind, target.vector_column, penstock._vector_schema(),
    penstock._operator_class(target.vector_type, target.metric),
    case target.index_kind
      when 'hnsw' then pg_catalog.format(' with (m = %s, ef_construction = %s)',
        coalesce((target.options ->> 'm')::int, 16), coalesce((target.options ->> 'ef_construction')::int, 64))
      else pg_catalog.format(' with (lists = %s)', coalesce(
        (target.options ->> 'lists')::int, penstock._ivfflat_lists(penstock._row_estimate(relation))))
    end);
end
$fn$;

comment on function penstock._index_definition is
  'What follows the table in the CREATE INDEX statement of a collection, from USING on.';

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
  return pg_catalog.format('create index on %s %s', collection.relation,
    penstock._index_definition(collection, collection.relation));
end
$fn$;

comment on function penstock._index_statement is
  'The CREATE INDEX statement for the vector index that a registry row describes.';

revoke all on function
  penstock._check_index, penstock._ivfflat_lists, penstock._row_estimate, penstock._index_definition,
  penstock._index_statement
  from public;
grant execute on function
  penstock._check_index, penstock._ivfflat_lists, penstock._row_estimate, penstock._index_definition,
  penstock._index_statement
  to penstock_user;
