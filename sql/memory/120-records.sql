create or replace function memory._own(
  id uuid,
  operation text,
  writing boolean default true
)
returns text
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  found_namespace text;
begin
  if id is null then
    raise exception using errcode = '22004', message = 'expected the id of a memory, got NULL';
  end if;
  select m.namespace into found_namespace from memory.memories m where m.id = _own.id;
  if not found or not memory._reaches(found_namespace, false) then
    raise exception using errcode = 'P0002',
      message = format('memory %s does not exist', id),
      detail = jsonb_build_object('id', id)::text;
  end if;
  return memory._enter(found_namespace, operation, writing);
end
$fn$;

comment on function memory._own is
  'The namespace of a memory that the caller may change, after the gate. Errors: P0002 when there is none, or it is of a namespace that the caller may not read.';

create or replace function memory.get(
  variadic ids uuid[]
)
returns table (
  id uuid, namespace text, content text, node_type text, tags text[], domains text[], domain_scores jsonb, embedding halfvec,
  metadata jsonb, created_at timestamptz, updated_at timestamptz, valid_from timestamptz, valid_until timestamptz,
  superseded_by uuid, retrievability float8
)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  reachable constant text[] := memory._reachable(false);
  entered text;
begin
  for entered in
    select distinct m.namespace from memory.memories m where m.id = any (ids) and m.namespace = any (reachable)
  loop
    perform memory._enter(entered, 'read');
  end loop;
  return query
    select
      m.id, m.namespace, m.content, m.node_type, m.tags, m.domains, m.domain_scores, m.embedding, m.metadata,
      m.created_at, m.updated_at, m.valid_from, m.valid_until, m.superseded_by,
      memory.retrievability(s.stability, s.last_review, now(), memory._decay(n.settings))
    from memory.memories m
    join memory.scheduling s on s.memory_id = m.id
    join memory._namespaces n on n.name = m.namespace
    where m.id = any (ids) and m.namespace = any (reachable)
    order by array_position(ids, m.id);
end
$fn$;

comment on function memory.get is
  'Memories by id, in the order of the ids; none for an id that does not exist or is of a namespace that the caller may not read. A list: select * from memory.get(variadic ids).';

create or replace function memory.update(
  id uuid,
  content text default null,
  embedding vector default null,
  node_type text default null,
  tags text[] default null,
  domains text[] default null,
  domain_scores jsonb default null,
  metadata jsonb default null,
  valid_from timestamptz default null,
  valid_until timestamptz default null,
  model text default null
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform memory._own(id, 'update');
  perform memory._check_records(
    jsonb_build_array(jsonb_build_object(
      'id', update.id, 'content', coalesce(update.content, '-'), 'node_type', coalesce(update.node_type, 'fact'),
      'tags', update.tags, 'domains', update.domains, 'domain_scores', update.domain_scores, 'metadata', update.metadata)),
    array[update.embedding], update.model
  );
  update memory.memories m
  set
    content = coalesce(update.content, m.content),
    /* The vector of another text would be a lie. */
    embedding = case
      when update.embedding is not null then update.embedding
      when update.content <> m.content then null
      else m.embedding
    end,
    node_type = coalesce(update.node_type, m.node_type),
    tags = coalesce(update.tags, m.tags),
    domains = coalesce(update.domains, m.domains),
    domain_scores = coalesce(update.domain_scores, m.domain_scores),
    metadata = coalesce(update.metadata, m.metadata),
    valid_from = coalesce(update.valid_from, m.valid_from),
    valid_until = coalesce(update.valid_until, m.valid_until),
    updated_at = now()
  where m.id = update.id;
end
$fn$;

comment on function memory.update is
  'Changes a memory in place; NULL leaves a field as it is. Another content without an embedding leaves the memory without one: it is then found by words only, and memory.health_check counts it. To keep the old text, insert a new memory and supersede. Errors: P0002, 22023.';

create or replace function memory.delete(
  variadic ids uuid[]
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  writable constant text[] := memory._reachable(true);
  entered text;
  deleted bigint;
begin
  if ids is null then
    raise exception using errcode = '22004', message = 'expected ids, got NULL';
  end if;
  for entered in
    select distinct m.namespace from memory.memories m where m.id = any (ids) and m.namespace = any (writable)
  loop
    perform memory._enter(entered, 'delete', true);
  end loop;
  delete from memory.memories m where m.id = any (ids) and m.namespace = any (writable);
  get diagnostics deleted = row_count;
  return deleted;
end
$fn$;

comment on function memory.delete is
  'Forgets memories for good, with their scheduling, reviews and edges, and returns how many there were. What one of them superseded is current again. Ids of namespaces that the caller may not write count as unknown.';

revoke all on function memory._own, memory.get, memory.update, memory.delete from public;
grant execute on function memory.get, memory.update, memory.delete to penstock_user;
