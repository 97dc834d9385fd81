create or replace function penstock._check_new_name(
  name text
)
returns void
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  if name is null then
    raise exception using errcode = '22004', message = 'expected a name for the collection, got NULL';
  end if;
  if name !~ '^[A-Za-z_][A-Za-z0-9_.:-]{0,62}$' then
    raise exception using errcode = '42602',
      message = pg_catalog.format('expected a name for the collection, got %L', pg_catalog.left(name, 100)),
      hint = 'A name begins with a letter or _ and has up to 63 letters, digits and the characters _ . : - in it (ASCII).';
  end if;
  if exists (select from penstock._collections c where c.name = _check_new_name.name) then
    raise exception using errcode = '42710',
      message = pg_catalog.format('collection %L already exists', name),
      hint = pg_catalog.format('Remove it with penstock.drop_collection(%1$L), or only forget it with penstock.unregister(%1$L).', name);
  end if;
end
$fn$;

comment on function penstock._check_new_name is
  'Raises 42602 unless the name may be the name of a collection, 42710 when one has it already.';

create or replace function penstock.create_collection(
  name text,
  dimensions int,
  metric text default 'cosine',
  index text default 'hnsw',
  m int default 16,
  ef_construction int default 64,
  lists int default null,
  storage text default null,
  partitions int default 0,
  metadata_index text default 'jsonb_path_ops',
  table_schema name default pg_catalog.current_schema(),
  table_name name default null,
  sealed jsonb default null
)
returns regclass
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections;
  leaf text;
  leaves text[] := '{}';
begin
  perform penstock._check_new_name(name);
  if sealed is not null then
    if storage is not null or partitions is distinct from 0 then
      raise exception using errcode = '0A000',
        message = 'expected no storage and no partitions for a sealed collection',
        hint = 'The type of the tokens is part of what a client seals under: sealed => {"token": "halfvec"}.';
    end if;
    return penstock._create_sealed(name, dimensions, metric, index, m, ef_construction, lists, metadata_index,
      table_schema, coalesce(table_name, name), sealed);
  end if;
  storage := coalesce(storage, case when dimensions > 2000 then 'halfvec' else 'vector' end);
  perform penstock._check_index(storage, dimensions, metric, index);
  if metadata_index is null or metadata_index not in ('jsonb_path_ops', 'jsonb_ops', 'none') then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected a metadata index, got %L', pg_catalog.left(metadata_index, 100)),
      hint = 'Metadata indexes: jsonb_path_ops (equality, $in, $contains), jsonb_ops (these and $exists), none.';
  end if;
  if partitions is null or partitions not between 0 and 1024 then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected 0 (none) to 1024 partitions, got %s', coalesce(partitions::text, 'NULL'));
  end if;
  if table_schema is null then
    raise exception using errcode = '22004',
      message = 'expected a schema for the table, got NULL',
      hint = 'Pass table_schema: the search_path names no schema that exists.';
  end if;
  table_name := coalesce(table_name, name);
  if partitions > 0 and pg_catalog.octet_length(table_name || '_p' || partitions) > 63 then
    raise exception using errcode = '42622',
      message = pg_catalog.format('expected a table name that leaves room for _p%s, got %L', partitions, table_name);
  end if;

  execute pg_catalog.format(
    'create table %I.%I (
      id text primary key constraint id_of_1_to_1024_bytes check (octet_length(id) between 1 and 1024),
      vector %s.%s(%s) not null,
      metadata jsonb not null default ''{}'' constraint metadata_is_an_object check (jsonb_typeof(metadata) = ''object''),
      created_at timestamptz not null default now()
    )%s',
    table_schema, table_name, penstock._vector_schema(), storage, dimensions,
    case when partitions > 0 then ' partition by hash (id)' end);
  target.relation := pg_catalog.format('%I.%I', table_schema, table_name)::regclass;
  for i in 0..partitions - 1 loop
    leaf := pg_catalog.format('%I.%I', table_schema, table_name || '_p' || i);
    leaves := leaves || leaf;
    execute pg_catalog.format('create table %s partition of %s for values with (modulus %s, remainder %s)',
      leaf, target.relation, partitions, i);
  end loop;
  /* Keep vectors in the row as long as a page holds them: an exact scan then reads no TOAST. */
  foreach leaf in array case when partitions > 0 then leaves else array[target.relation::text] end loop
    execute pg_catalog.format('alter table %s set (toast_tuple_target = 8160)', leaf);
  end loop;

  insert into penstock._collections (name, relation, vector_type, dimensions, metric, index_kind, owned, options)
  values (name, target.relation, storage, dimensions, metric, index, true,
    case index
      when 'hnsw' then pg_catalog.jsonb_build_object('m', m, 'ef_construction', ef_construction)
      when 'ivfflat' then pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('lists', lists))
      else '{}'
    end);
  if index = 'hnsw' then
    execute penstock._index_statement(penstock._collection(name));
  end if;
  if metadata_index <> 'none' then
    execute pg_catalog.format('create index on %s using gin (metadata %s)', target.relation, metadata_index);
  end if;
  return target.relation;
end
$fn$;

comment on function penstock.create_collection is
  'Creates a table for vectors with metadata, its indexes, and a name for it. The caller owns the table. Vectors above 2000 dimensions are stored as halfvec. An ivfflat index is built after the load, by build_index. With partitions, the table is hash partitioned by id. sealed makes a collection whose vectors only its clients can read: {"uuid", "key_id", "level", "token", "noise_e7", "radius", "id_type"}, as the client library sends it.';

create or replace function penstock.unregister(
  name text
)
returns void
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
begin
  if exists (
    select from penstock._collections c
    join pg_catalog.pg_class r on r.oid = c.relation
    where c.name = unregister.name and c.sealed
  ) then
    raise exception using errcode = '0A000',
      message = pg_catalog.format('collection %L is sealed: without its registration nobody could read its table', name),
      hint = pg_catalog.format('Remove both with penstock.drop_collection(%L).', name);
  end if;
  delete from penstock._collections c where c.name = unregister.name;
  if found then
    return;
  end if;
  if exists (select from penstock._collections c where c.name = unregister.name) then
    raise exception using errcode = '42501',
      message = pg_catalog.format('only the owner of its table may unregister collection %L', name);
  end if;
  perform penstock._collection(name);
end
$fn$;

comment on function penstock.unregister is
  'Forgets a collection and keeps its table. Takes the rights of the owner of the table; anyone may forget a collection whose table is gone.';

create or replace function penstock.drop_collection(
  name text
)
returns void
volatile
parallel unsafe
set search_path = ''
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(name);
begin
  if not target.owned then
    raise exception using errcode = '55000',
      message = pg_catalog.format('expected a collection that create_collection made, but %L is an adopted table', name),
      hint = pg_catalog.format('Forget it with penstock.unregister(%L), then drop table %s yourself.', name, target.relation);
  end if;
  if target.sealed then
    execute pg_catalog.format('drop table %s', target.relation);
    perform penstock.unregister(name);
    return;
  end if;
  perform penstock.unregister(name);
  execute pg_catalog.format('drop table %s', target.relation);
end
$fn$;

comment on function penstock.drop_collection is
  'Drops a collection and its table, all rows included. Refuses (55000) for an adopted table.';

revoke all on function penstock._check_new_name from public;
revoke all on function penstock.create_collection from public;
revoke all on function penstock.unregister from public;
revoke all on function penstock.drop_collection from public;
grant execute on function penstock._check_new_name to penstock_user;
grant execute on function penstock.create_collection to penstock_user;
grant execute on function penstock.unregister to penstock_user;
grant execute on function penstock.drop_collection to penstock_user;
