create or replace function memory.reembed_next(
  "limit" int default 500,
  after uuid default null
)
returns table (id uuid, content text, version bigint)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform memory._next_model();
  return query execute
    'select m.id, m.content, hashtextextended(m.content, 0)
    from memory.memories m
    where m.embedding_next is null and ($2 is null or m.id > $2)
    order by m.id
    limit $1'
  using "limit", after;
end
$fn$;

comment on function memory.reembed_next is
  'Memories that have no embedding by the new model yet, by id. version goes back to memory.reembed_store.';

create or replace function memory.reembed_store(
  ids uuid[],
  versions bigint[],
  embeddings vector[]
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  wanted constant memory.embedding_models := memory._next_model();
  wrong text;
  stored bigint;
begin
  if cardinality(ids) <> cardinality(embeddings) or cardinality(ids) <> cardinality(versions) then
    raise exception using errcode = '22023', message = 'expected as many embeddings and versions as ids';
  end if;
  execute format('select %1$s.vector_dims(e)::text from unnest($1) as e where %1$s.vector_dims(e) <> $2 or %1$s.vector_norm(e) = 0 limit 1',
    penstock._vector_schema())
  into wrong using embeddings, wanted.dimensions;
  if wrong is not null then
    perform memory._raise_mismatch(wanted, null, wrong::int, null);
  end if;
  /* In the order of their ids, so that two runs at once cannot lock each other out. */
  execute
    'with given as (
      select u.id, u.version, u.embedding
      from unnest($1, $2, $3) as u (id, version, embedding)
    ), locked as (
      select m.id
      from memory.memories m
      join given g on g.id = m.id and g.version = hashtextextended(m.content, 0)
      order by m.id
      for update of m
    )
    update memory.memories m
    set embedding_next = g.embedding
    from given g
    join locked using (id)
    where m.id = g.id and g.version = hashtextextended(m.content, 0)'
  using ids, versions, embeddings;
  get diagnostics stored = row_count;
  return stored;
end
$fn$;

comment on function memory.reembed_store is
  'Stores embeddings by the new model, and returns how many: a memory whose content changed meanwhile, or that is gone, is left out. Errors: 22023 for another dimension or a vector of zeros.';

revoke all on function memory.reembed_next, memory.reembed_store from public;
grant execute on function memory.reembed_next, memory.reembed_store to penstock_admin;
