create or replace function penstock._sealed_index_name(
  target penstock._collections,
  key_id bytea
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return pg_catalog.format('_sealed_%s_%s', target.id, pg_catalog.encode(key_id, 'hex'));
end
$fn$;

comment on function penstock._sealed_index_name is
  'The name of the index over the tokens of one key.';

create or replace function penstock._sealed_index_statement(
  target penstock._collections,
  key_id bytea,
  how text
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return pg_catalog.format('create index %s %I on %s using %s (token %s.%s) with (%s) where key_id = %L::pg_catalog.bytea',
    how, penstock._sealed_index_name(target, key_id), target.relation, target.index_kind,
    penstock._vector_schema(), penstock._operator_class(target.vector_type, target.metric),
    case target.index_kind
      when 'hnsw' then pg_catalog.format('m = %s, ef_construction = %s',
        coalesce((target.options ->> 'm')::int, 16), coalesce((target.options ->> 'ef_construction')::int, 64))
      else pg_catalog.format('lists = %s', (target.options ->> 'lists')::int)
    end, key_id);
end
$fn$;

comment on function penstock._sealed_index_statement is
  'The CREATE INDEX statement for the tokens of one key: a partial index, for tokens of different keys cannot be compared.';

create or replace function penstock._sealed_index(
  target penstock._collections,
  key_id bytea
)
returns table (index regclass, usable boolean)
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return query
  select i.indexrelid::regclass, i.indisvalid and i.indisready
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  where i.indrelid = target.relation and c.relname = penstock._sealed_index_name(target, _sealed_index.key_id);
end
$fn$;

comment on function penstock._sealed_index is
  'The index over the tokens of one key, where there is one.';

create or replace function penstock.sealed_index_statement(
  collection text,
  key_id bytea
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  existing record;
begin
  perform penstock._sealed_of(target);
  if target.index_kind <> 'hnsw' then
    return null;
  end if;
  select * into existing from penstock._sealed_index(target, key_id);
  if not found then
    return penstock._sealed_index_statement(target, key_id, 'concurrently');
  end if;
  return case when not existing.usable then pg_catalog.format('reindex index concurrently %s', existing.index) end;
end
$fn$;

comment on function penstock.sealed_index_statement is
  'The statement that builds the HNSW index of a key without blocking writers, to be run outside of a transaction; NULL when there is nothing to do.';

create or replace function penstock._build_sealed_indexes(
  target penstock._collections,
  index text,
  m int,
  ef_construction int,
  lists int
)
returns void
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  seal penstock._sealed := penstock._sealed_of(target);
  live penstock._sealed_keys;
  row_count bigint;
  built int := 0;
begin
  if seal.token = 'none' then
    raise exception using errcode = '22023', message = pg_catalog.format('collection %L has no tokens to index', target.name);
  end if;
  target.index_kind := coalesce(index, target.index_kind);
  if target.index_kind not in ('hnsw', 'ivfflat') then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected hnsw or ivfflat as the kind of index to build, got %L', pg_catalog.left(target.index_kind, 100));
  end if;
  perform integrity.enter(target.name, 'index_build');
  if target.index_kind = 'hnsw' then
    target.options := target.options || pg_catalog.jsonb_strip_nulls(
      pg_catalog.jsonb_build_object('m', m, 'ef_construction', ef_construction));
  end if;
  for live in
    select k.* from penstock._sealed_keys k where k.collection_id = target.id order by k.added_at, k.key_id
  loop
    continue when exists (select from penstock._sealed_index(target, live.key_id) i where i.usable);
    if target.index_kind = 'ivfflat' then
      execute pg_catalog.format('select count(*) from %s t where t.key_id = $1', target.relation) into row_count using live.key_id;
      continue when row_count = 0;
      target.options := target.options || pg_catalog.jsonb_build_object('lists', coalesce(lists, (target.options ->> 'lists')::int,
        greatest(1, case when row_count <= 1000000 then row_count / 1000 else pg_catalog.sqrt(row_count) end)::int));
    end if;
    execute penstock._sealed_index_statement(target, live.key_id, '');
    built := built + 1;
  end loop;
  if built = 0 then
    raise exception using
      errcode = case target.index_kind when 'ivfflat' then '55000' else '42710' end,
      message = pg_catalog.format('collection %L has nothing to build an index for', target.name),
      hint = 'IVFFlat takes its lists from the data: load first. An index that is there is rebuilt with reindex index concurrently.';
  end if;
  update penstock._collections c
  set index_kind = target.index_kind, options = target.options
  where c.id = target.id;
end
$fn$;

comment on function penstock._build_sealed_indexes is
  'build_index for a sealed collection: one index for each live key that lacks one. Raises 42710 when every key has one, 55000 for IVFFlat without rows.';

revoke all on function
  penstock._sealed_index_name,
  penstock._sealed_index_statement,
  penstock._sealed_index,
  penstock.sealed_index_statement,
  penstock._build_sealed_indexes
  from public;
grant execute on function
  penstock._sealed_index_name,
  penstock._sealed_index_statement,
  penstock._sealed_index,
  penstock.sealed_index_statement,
  penstock._build_sealed_indexes
  to penstock_user;
