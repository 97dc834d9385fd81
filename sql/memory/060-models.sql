create table memory.embedding_models (
  id int generated always as identity primary key,
  name text not null,
  dimensions int not null,
  hash text not null default '',
  state text not null,
  registered_at timestamptz not null default now(),
  constraint named check (octet_length(name) between 1 and 512 and octet_length(hash) <= 512),
  constraint dimensions_that_an_index_takes check (dimensions between 1 and 4000),
  constraint known_state check (state in ('active', 'next', 'retired'))
);

create unique index embedding_models_one_active on memory.embedding_models (state) where state in ('active', 'next');

comment on table memory.embedding_models is
  'The models that embeddings come from: one active, at most one that a re-embedding is moving to, and those before.';
comment on column memory.embedding_models.hash is 'Whatever tells two models of one name apart; empty when nobody said.';
comment on column memory.embedding_models.state is 'active, next (a re-embedding is under way) or retired.';

revoke all on memory.embedding_models from public;
grant select on memory.embedding_models to penstock_user;

create or replace function memory.registered_model()
returns table (name text, dimensions int, hash text, registered_at timestamptz)
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return query
    select m.name, m.dimensions, m.hash, m.registered_at
    from memory.embedding_models m
    where m.state = 'active';
end
$fn$;

comment on function memory.registered_model is
  'The model that all embeddings come from; no row when none is registered.';

create or replace function memory._raise_mismatch(
  registered memory.embedding_models,
  name text,
  dimensions int,
  hash text
)
returns void
immutable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  raise exception using errcode = '22023',
    message = format('expected embeddings of model %L with %s dimensions%s, got %s with %s dimensions%s',
      registered.name, registered.dimensions, case when registered.hash <> '' then format(' (hash %s)', registered.hash) else '' end,
      coalesce(quote_literal(name), 'some'), coalesce(dimensions::text, 'unknown'), case when hash <> '' then format(' (hash %s)', hash) else '' end),
    detail = jsonb_build_object(
      'registered', jsonb_build_object('name', registered.name, 'dimensions', registered.dimensions, 'hash', registered.hash),
      'actual', jsonb_build_object('name', name, 'dimensions', dimensions, 'hash', hash))::text,
    hint = 'Use the registered model, or move everything to the other one: penstock memory reembed.';
end
$fn$;

comment on function memory._raise_mismatch is
  'Raises 22023 with both signatures in DETAIL: the registered model and the one that was used.';

create or replace function memory._check_embedding(
  embedding vector,
  model text
)
returns void
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  registered memory.embedding_models;
  found_dimensions int;
  norm float8;
begin
  if embedding is null and model is null then
    return;
  end if;
  select m.* into registered from memory.embedding_models m where m.state = 'active';
  if not found then
    raise exception using errcode = '55000',
      message = 'no embedding model is registered, so embeddings cannot be compared',
      hint = 'An administrator runs: select memory.register_model(NAME, DIMENSIONS).';
  end if;
  if embedding is not null then
    execute format('select %1$s.vector_dims($1), %1$s.vector_norm($1)', penstock._vector_schema())
    into found_dimensions, norm using embedding;
  end if;
  if model <> registered.name or found_dimensions <> registered.dimensions then
    perform memory._raise_mismatch(registered, model, found_dimensions, null);
  end if;
  if norm = 0 then
    raise exception using errcode = '22023',
      message = 'expected an embedding with a direction, got only zeros, which cosine cannot compare';
  end if;
end
$fn$;

comment on function memory._check_embedding is
  'Raises 22023 unless an embedding, and the name of the model where given, are of the registered model.';

revoke all on function memory.registered_model, memory._raise_mismatch, memory._check_embedding from public;
grant execute on function memory.registered_model to penstock_user;
