create or replace function memory._use_dimensions(
  column_name name,
  dimensions int
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  execute format('alter table memory.memories alter column %I type %s.halfvec(%s)', column_name, penstock._vector_schema(), dimensions);
  /* A search reads every row that it compares with: in the row as long as a page holds it twice. */
  execute format('alter table memory.memories alter column %I set storage %s', column_name,
    case when dimensions <= 1536 then 'plain' else 'external' end);
end
$fn$;

comment on function memory._use_dimensions is
  'Gives a column of embeddings its length, and the storage that goes with it.';

create or replace function memory.register_model(
  name text,
  dimensions int,
  hash text default ''
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  registered memory.embedding_models;
begin
  if coalesce(register_model.name, '') = '' or register_model.dimensions is null or hash is null then
    raise exception using errcode = '22004', message = 'expected the name of a model and its dimensions, got NULL or nothing';
  end if;
  if register_model.dimensions not between 1 and 4000 then
    raise exception using errcode = '22023',
      message = format('expected 1 to 4000 dimensions, which a vector index takes, got %s', register_model.dimensions);
  end if;
  select m.* into registered from memory.embedding_models m where m.state = 'active';
  if found then
    if (registered.name, registered.dimensions, registered.hash) <> (register_model.name, register_model.dimensions, register_model.hash) then
      perform memory._raise_mismatch(registered, register_model.name, register_model.dimensions, register_model.hash);
    end if;
    return;
  end if;
  insert into memory.embedding_models (name, dimensions, hash, state)
  values (register_model.name, register_model.dimensions, register_model.hash, 'active');
  perform memory._use_dimensions('embedding', register_model.dimensions);
  execute format('create index memories_embedding on memory.memories using hnsw (embedding %s.halfvec_cosine_ops)', penstock._vector_schema());
  update penstock._collections c
  set dimensions = register_model.dimensions, index_kind = 'hnsw'
  where c.name = 'memory';
end
$fn$;

comment on function memory.register_model is
  'Says, once, which model all embeddings come from, and builds the vector index. The same again does nothing. Errors: 22023 with both signatures for another model, 22004.';

create or replace function memory.init(
  model text default null,
  dimensions int default null,
  hash text default '',
  namespace text default 'default'
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  registered penstock._collections;
begin
  select c.* into registered from penstock._collections c where c.name = 'memory';
  if found and registered.relation <> 'memory.memories'::regclass then
    raise exception using errcode = '42710',
      message = 'another table is registered as collection memory',
      hint = 'Free the name: select penstock.unregister(''memory''). Its table stays.';
  end if;
  if not found then
    insert into penstock._collections (name, relation, id_column, id_type, vector_column, metadata_column, vector_type, dimensions, metric, index_kind, owned)
    values ('memory', 'memory.memories', 'id', 'uuid', 'embedding', 'metadata', 'halfvec', 1, 'cosine', 'none', false);
    perform integrity.protect('memory');
  end if;
  if init.model is not null or init.dimensions is not null then
    perform memory.register_model(init.model, init.dimensions, init.hash);
  end if;
  perform memory.create_namespace(init.namespace);
  return jsonb_build_object(
    'namespace', init.namespace,
    'model', (select jsonb_build_object('name', m.name, 'dimensions', m.dimensions, 'hash', m.hash) from memory.registered_model() m)
  );
end
$fn$;

comment on function memory.init is
  'Sets the memory up: registers its table as collection memory behind the gate (in mode observe at first), the embedding model where one is named, and a first namespace for the caller. Safe to repeat. Errors: 22023 with both signatures when another model is registered.';

revoke all on function memory._use_dimensions, memory.register_model, memory.init from public;
grant execute on function memory.register_model, memory.init to penstock_admin;
