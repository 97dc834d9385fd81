create or replace function memory.reembed_index_statement(
  concurrent boolean default false
)
returns text
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform memory._next_model();
  if exists (
    select from pg_index i
    where i.indexrelid = to_regclass('memory.memories_embedding_next') and i.indisvalid and i.indisready
  ) then
    return null;
  end if;
  return format('create index%s memories_embedding_next on memory.memories using hnsw (embedding_next %s.halfvec_cosine_ops)',
    case when concurrent then ' concurrently' else '' end, penstock._vector_schema());
end
$fn$;

comment on function memory.reembed_index_statement is
  'The statement that builds the index on the new embeddings, for whoever owns the table and wants it CONCURRENTLY, outside a transaction; NULL when it is there. Errors: 55000.';

create or replace function memory.build_reembed_index()
returns boolean
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  is_usable boolean;
begin
  perform memory._next_model();
  select i.indisvalid and i.indisready into is_usable
  from pg_index i
  where i.indexrelid = to_regclass('memory.memories_embedding_next');
  if is_usable then
    return false;
  end if;
  /* What an interrupted CREATE INDEX CONCURRENTLY leaves behind. */
  drop index if exists memory.memories_embedding_next;
  execute memory.reembed_index_statement();
  return true;
end
$fn$;

comment on function memory.build_reembed_index is
  'Builds the index on the new embeddings, unless it is there: false then. Writers wait until this transaction ends; searches go on. Errors: 55000, 55P03.';

create or replace function memory.finish_reembed()
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  wanted constant memory.embedding_models := memory._next_model();
  missing bigint;
begin
  if not exists (
    select from pg_index i
    where i.indexrelid = to_regclass('memory.memories_embedding_next') and i.indisvalid and i.indisready
  ) then
    raise exception using errcode = '55000',
      message = 'the index on the new embeddings is not there yet',
      hint = 'Run: select memory.build_reembed_index().';
  end if;
  lock table memory.memories in access exclusive mode;
  execute 'select count(*) from memory.memories where embedding_next is null' into missing;
  if missing > 0 then
    return missing;
  end if;
  drop trigger _200_forget_shadow on memory.memories;
  drop index memory.memories_not_reembedded;
  alter table memory.memories drop column embedding;
  alter table memory.memories rename column embedding_next to embedding;
  alter index memory.memories_embedding_next rename to memories_embedding;
  comment on column memory.memories.embedding is
    'The vector of the content, by the registered model; half precision. NULL until there is one.';

  update memory.embedding_models m set state = 'retired' where m.state = 'active';
  update memory.embedding_models m set state = 'active' where m.id = wanted.id;
  update penstock._collections c set dimensions = wanted.dimensions where c.name = 'memory';
  /* A centroid by the old model says nothing about the new embeddings. */
  execute format(
    'update memory.domains d
    set centroid = (
      select %s.avg(m.embedding)
      from memory.memories m
      where m.namespace = d.namespace and m.domains && array[d.id]
    )', penstock._vector_schema());
  return 0;
end
$fn$;

comment on function memory.finish_reembed is
  'Puts the new embeddings in the place of the old, with their index, in this transaction, and makes the new model the registered one; centroids become the means of the new embeddings. Returns 0, or how many memories have no new embedding yet: then nothing changed. Needs an ACCESS EXCLUSIVE lock for a moment (2 s at most, else 55P03: try again). Errors: 55000.';

create or replace function memory.abort_reembed()
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  wanted constant memory.embedding_models := memory._next_model();
begin
  drop trigger if exists _200_forget_shadow on memory.memories;
  alter table memory.memories drop column if exists embedding_next;
  delete from memory.embedding_models m where m.id = wanted.id;
end
$fn$;

comment on function memory.abort_reembed is
  'Gives a re-embedding up and drops what it has made; nothing else changes. Errors: 55000 when none is under way, 55P03.';

revoke all on function
  memory.reembed_index_statement, memory.build_reembed_index, memory.finish_reembed, memory.abort_reembed
  from public;
grant execute on function
  memory.reembed_index_statement, memory.build_reembed_index, memory.finish_reembed, memory.abort_reembed
  to penstock_admin;
