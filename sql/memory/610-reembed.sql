/*
 * Moving to another model: a shadow column takes the new embeddings, batch by batch, while
 * searches use the old ones; the index is built; then one transaction puts the column in the
 * place of the old. What is written meanwhile is found missing and embedded before the swap.
 */
create or replace function memory._tg_memories__forget_shadow()
returns trigger
volatile
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  new.embedding_next := null;
  return new;
end
$fn$;

comment on function memory._tg_memories__forget_shadow is
  'While a re-embedding is under way: another content has no embedding by the new model yet.';

create or replace function memory._next_model()
returns memory.embedding_models
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  wanted memory.embedding_models;
begin
  select m.* into wanted from memory.embedding_models m where m.state = 'next';
  if not found then
    raise exception using errcode = '55000',
      message = 'no re-embedding is under way',
      hint = 'Begin with: select memory.begin_reembed(NAME, DIMENSIONS).';
  end if;
  return wanted;
end
$fn$;

comment on function memory._next_model is
  'The model that a re-embedding is moving to. Errors: 55000 when none is under way.';

create or replace function memory.plan_reembed(
  name text,
  dimensions int,
  hash text default ''
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  wanted memory.embedding_models;
  progress jsonb;
begin
  select m.* into wanted from memory.embedding_models m where m.state = 'next';
  if found then
    if (wanted.name, wanted.dimensions, wanted.hash) <> (plan_reembed.name, plan_reembed.dimensions, plan_reembed.hash) then
      raise exception using errcode = '55000',
        message = format('a re-embedding to model %L with %s dimensions is under way', wanted.name, wanted.dimensions),
        hint = 'Finish it, or give it up: select memory.abort_reembed().';
    end if;
    progress := memory.reembed_progress();
    return jsonb_build_object('needed', true, 'resumes', true, 'total', progress -> 'total', 'done', progress -> 'done');
  end if;
  select m.* into wanted from memory.embedding_models m where m.state = 'active';
  if not found then
    raise exception using errcode = '55000',
      message = 'no embedding model is registered, so there is nothing to move from',
      hint = 'Run: select memory.register_model(NAME, DIMENSIONS).';
  end if;
  return jsonb_build_object(
    'needed', (wanted.name, wanted.dimensions, wanted.hash) <> (plan_reembed.name, plan_reembed.dimensions, plan_reembed.hash),
    'resumes', false, 'total', (select count(*) from memory.memories), 'done', 0
  );
end
$fn$;

comment on function memory.plan_reembed is
  'What begin_reembed would find: needed, resumes, total and done. Changes nothing. Errors: 55000 when one to another model is under way, or no model is registered.';

create or replace function memory.begin_reembed(
  name text,
  dimensions int,
  hash text default ''
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  plan jsonb;
begin
  if coalesce(begin_reembed.name, '') = '' or begin_reembed.dimensions is null or hash is null
    or begin_reembed.dimensions not between 1 and 4000
  then
    raise exception using errcode = '22023', message = 'expected the name of a model and its dimensions, from 1 to 4000';
  end if;
  plan := memory.plan_reembed(begin_reembed.name, begin_reembed.dimensions, begin_reembed.hash);
  if (plan -> 'resumes')::boolean or not (plan -> 'needed')::boolean then
    return plan;
  end if;
  perform integrity.enter('memory', 'index_rebuild');

  execute format('alter table memory.memories add column embedding_next %s.halfvec', penstock._vector_schema());
  perform memory._use_dimensions('embedding_next', begin_reembed.dimensions);
  create index memories_not_reembedded on memory.memories (id) where embedding_next is null;
  create trigger _200_forget_shadow
  before update of content on memory.memories
  for each row
  when (new.content <> old.content)
  execute function memory._tg_memories__forget_shadow();
  insert into memory.embedding_models (name, dimensions, hash, state)
  values (begin_reembed.name, begin_reembed.dimensions, begin_reembed.hash, 'next');
  return plan;
end
$fn$;

comment on function memory.begin_reembed is
  'Begins to move all embeddings to another model, or goes on with that. Returns needed (false when the model is the registered one already), resumes, total and done. Searches use the old embeddings until memory.finish_reembed. Errors: 55000 when another one is under way.';

create or replace function memory.reembed_progress()
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  wanted constant memory.embedding_models := memory._next_model();
  total bigint;
  missing bigint;
begin
  select count(*) into total from memory.memories;
  execute 'select count(*) from memory.memories where embedding_next is null' into missing;
  return jsonb_build_object(
    'total', total, 'done', total - missing, 'needed', true,
    'model', jsonb_build_object('name', wanted.name, 'dimensions', wanted.dimensions, 'hash', wanted.hash)
  );
end
$fn$;

comment on function memory.reembed_progress is
  'How far the re-embedding is: total, done and the model. Errors: 55000 when none is under way.';

revoke all on function
  memory._tg_memories__forget_shadow, memory._next_model, memory.plan_reembed, memory.begin_reembed,
  memory.reembed_progress
  from public;
grant execute on function memory.plan_reembed, memory.begin_reembed, memory.reembed_progress to penstock_admin;
