create or replace function penstock._index_target(
  collection text,
  index text,
  m int,
  ef_construction int,
  lists int
)
returns penstock._collections
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
begin
  target.index_kind := coalesce(index, target.index_kind);
  perform penstock._check_index(target.vector_type, target.dimensions, target.metric, target.index_kind);
  if target.index_kind = 'none' then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected the kind of index to build, for collection %L has none', collection),
      hint = 'Say which: hnsw or ivfflat.';
  end if;
  if m not between 2 and 100 or ef_construction not between 4 and 1000 or ef_construction < 2 * coalesce(m, 2)
    or lists not between 1 and 32768
  then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected m from 2 to 100, ef_construction from 4 to 1000 and at least 2 m, lists from 1 to 32768, got %s, %s, %s',
        coalesce(m::text, 'NULL'), coalesce(ef_construction::text, 'NULL'), coalesce(lists::text, 'NULL'));
  end if;
  if (target.index_kind = 'hnsw' and lists is not null)
    or (target.index_kind = 'ivfflat' and coalesce(m, ef_construction) is not null)
  then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected options of an %s index, got those of the other kind', target.index_kind),
      hint = 'hnsw has m and ef_construction, ivfflat has lists.';
  end if;
  target.options := target.options || pg_catalog.jsonb_strip_nulls(
    pg_catalog.jsonb_build_object('m', m, 'ef_construction', ef_construction, 'lists', lists));
  return target;
end
$fn$;

comment on function penstock._index_target is
  'The registry row of a collection as it will be once its index has this kind and these options. Errors: 42704, 22023.';

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
  if target.sealed then
    perform penstock._build_sealed_indexes(target, index, m, ef_construction, lists);
    return;
  end if;
  target := penstock._index_target(collection, index, m, ef_construction, lists);
  select v.index into existing
  from penstock._vector_indexes v
  where v.collection_id = target.id and v.serves_search and v.usable;
  if found then
    raise exception using errcode = '42710',
      message = pg_catalog.format('collection %L already has the index %s', collection, existing),
      hint = pg_catalog.format('Rebuild it with: penstock index rebuild %s. Or drop it first.', collection);
  end if;
  perform integrity.enter(target.name, 'index_build');

  if target.index_kind = 'ivfflat' then
    execute pg_catalog.format('select pg_catalog.count(%I) from %s', target.vector_column, target.relation) into row_count;
    if row_count = 0 then
      raise exception using errcode = '55000',
        message = pg_catalog.format('expected rows in collection %L before an IVFFlat index, got none', collection),
        hint = 'IVFFlat takes its lists from the data: load first, then build.';
    end if;
    target.options := target.options || pg_catalog.jsonb_build_object(
      'lists', coalesce((target.options ->> 'lists')::int, penstock._ivfflat_lists(row_count)));
  end if;
  execute penstock._index_statement(target);
  update penstock._collections c
  set index_kind = target.index_kind, options = target.options
  where c.id = target.id;
end
$fn$;

comment on function penstock.build_index is
  'Builds the vector index of a collection in this transaction. Writers wait until it commits (SHARE lock); reads go on. IVFFlat chooses its lists from the number of rows. Raises 42710 when a usable one is there.';

revoke all on function penstock._index_target, penstock.build_index from public;
grant execute on function penstock._index_target, penstock.build_index to penstock_user;
