create or replace function memory._decide(
  namespace text,
  content text,
  embedding vector,
  mode text
)
returns table (action text, matched_id uuid, similarity float8, reason text)
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  settings jsonb;
  reinforce_at float8;
  update_at float8;
begin
  select n.settings into settings from memory._namespaces n where n.name = _decide.namespace;
  reinforce_at := (settings ->> 'reinforce_at')::float8;
  update_at := (settings ->> 'update_at')::float8;
  action := 'create';
  if mode = 'create' then
    reason := 'dedupe is create: nothing was compared';
    return next;
    return;
  end if;

  select m.id, 1 into matched_id, similarity
  from memory.memories m
  where m.namespace = _decide.namespace
    and hashtextextended(m.content, 0) = hashtextextended(_decide.content, 0)
    and m.content = _decide.content
    and m.superseded_by is null
    and (m.valid_until > now()) is not false
  order by m.created_at
  limit 1;
  if found then
    action := case when mode = 'update' then 'update' else 'reinforce' end;
    reason := 'the same content is there';
    return next;
    return;
  end if;
  if embedding is null then
    reason := 'no embedding was given and no memory has the same content';
    return next;
    return;
  end if;

  select v.id, v.similarity into matched_id, similarity
  from memory._vector_arm(memory._condition(_decide.namespace), embedding, 1, false, null) v;
  if matched_id is null then
    reason := 'there is no memory to compare with';
  elsif similarity >= reinforce_at and mode in ('auto', 'reinforce') then
    action := 'reinforce';
    reason := format('similarity %s is at least reinforce_at (%s)', round(similarity::numeric, 4), reinforce_at);
  elsif similarity >= update_at and mode in ('auto', 'update') then
    action := 'update';
    reason := format('similarity %s is at least update_at (%s)%s', round(similarity::numeric, 4), update_at,
      case when mode = 'auto' then format(' and below reinforce_at (%s)', reinforce_at) end);
  else
    reason := format('the nearest memory has similarity %s, below %s (%s)', round(similarity::numeric, 4),
      case when mode = 'reinforce' then 'reinforce_at' else 'update_at' end,
      case when mode = 'reinforce' then reinforce_at else update_at end);
  end if;
  return next;
end
$fn$;

comment on function memory._decide is
  'What insert does with a new memory, the memory that it was compared with, and why.';

create or replace function memory.insert(
  content text,
  embedding vector default null,
  node_type text default 'fact',
  tags text[] default '{}',
  domains text[] default '{}',
  metadata jsonb default '{}',
  valid_from timestamptz default null,
  valid_until timestamptz default null,
  dedupe text default 'create',
  dry_run boolean default false,
  model text default null,
  id uuid default null,
  namespace text default null
)
returns table (memory_id uuid, action text, matched_id uuid, similarity float8, reason text, decision bigint)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  record jsonb;
begin
  namespace := memory._enter(namespace, 'insert', true);
  if dedupe is null or dedupe not in ('create', 'auto', 'reinforce', 'update') then
    raise exception using errcode = '22023',
      message = format('expected dedupe to be create, auto, reinforce or update, got %L', left(dedupe, 100));
  end if;
  record := jsonb_build_object(
    'id', insert.id, 'content', insert.content, 'node_type', coalesce(insert.node_type, 'fact'), 'tags', insert.tags,
    'domains', insert.domains, 'metadata', insert.metadata, 'valid_from', insert.valid_from, 'valid_until', insert.valid_until);
  perform memory._check_records(jsonb_build_array(record), array[insert.embedding], insert.model);
  if dedupe <> 'create' then
    /* Two that are told the same at once must not both find nothing. */
    perform pg_advisory_xact_lock(hashtext('memory.insert'), hashtext(namespace));
  end if;
  select d.* into action, matched_id, similarity, reason
  from memory._decide(insert.namespace, insert.content, insert.embedding, dedupe) d;
  if dry_run then
    memory_id := case when action = 'reinforce' then matched_id end;
    return next;
    return;
  end if;

  if action = 'reinforce' then
    memory_id := matched_id;
    perform memory._review_step(matched_id, 3, null);
  else
    select s.id into memory_id from memory._store(insert.namespace, jsonb_build_array(record), array[insert.embedding]) s (id);
    if action = 'update' then
      update memory.memories m set superseded_by = memory_id, updated_at = now() where m.id = insert.matched_id;
    end if;
  end if;
  if action <> 'create' then
    insert into memory.dedupe_decisions as d (namespace, action, memory_id, matched_id, similarity, reason, not_stored, embedding)
    values (
      insert.namespace, insert.action, insert.memory_id, insert.matched_id, insert.similarity, insert.reason,
      case when insert.action = 'reinforce' then record end,
      case when insert.action = 'reinforce' then insert.embedding end
    )
    returning d.id into decision;
  end if;
  return next;
end
$fn$;

comment on function memory.insert is
  'Stores a memory and says what was done. dedupe: create (always), auto (reinforce what is nearly the same, supersede what is close, else create), reinforce, update. dry_run only explains. Nothing is merged silently: decision is the row of memory.dedupe_decisions that memory.undo_decision takes back. Errors: 22023 for wrong input or another model, 54000 above 10 MB, 23505 for a taken id.';

create or replace function memory.insert_many(
  records jsonb,
  embeddings vector[] default null,
  model text default null,
  skip_existing boolean default false,
  namespace text default null
)
returns setof uuid
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  namespace := memory._enter(namespace, 'insert', true);
  perform memory._check_records(records, embeddings, model);
  return query select * from memory._store(namespace, records, embeddings, coalesce(skip_existing, false));
end
$fn$;

comment on function memory.insert_many is
  'Stores a JSON array of memories, all or none, and returns the ids of the new ones in order. An object has content and may have id, node_type, tags, domains, domain_scores, metadata, created_at, updated_at, valid_from, valid_until, superseded_by and scheduling. Drivers send embeddings as text in an array: {"[1,2]",NULL}. Errors as insert, with the position in DETAIL.';

revoke all on function memory._decide, memory.insert, memory.insert_many from public;
grant execute on function memory.insert, memory.insert_many to penstock_user;
