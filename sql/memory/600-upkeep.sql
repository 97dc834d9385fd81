create or replace function memory.count(
  namespace text default null
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  namespace := memory._enter(namespace, 'read');
  return (select count(*) from memory.memories m where m.namespace = "count".namespace);
end
$fn$;

comment on function memory.count is
  'How many memories a namespace has, superseded and expired ones included.';

create or replace function memory.get_stats(
  namespace text default null
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  decay float8;
begin
  namespace := memory._enter(namespace, 'read');
  select memory._decay(n.settings) into decay from memory._namespaces n where n.name = get_stats.namespace;
  return (
    select jsonb_build_object(
      'namespace', get_stats.namespace,
      'memories', count(*),
      'current', count(*) filter (where m.superseded_by is null and (m.valid_until > now()) is not false),
      'superseded', count(m.superseded_by),
      'expired', count(*) filter (where m.valid_until <= now()),
      'without_embedding', count(*) - count(m.embedding),
      'bytes_of_content', coalesce(sum(octet_length(m.content)), 0),
      'reviewed', count(s.last_review),
      'due', count(*) filter (where s.next_review <= now() and m.superseded_by is null and (m.valid_until > now()) is not false),
      'mean_retrievability', round(avg(memory.retrievability(s.stability, s.last_review, now(), decay))::numeric, 4)
    )
    from memory.memories m
    join memory.scheduling s on s.memory_id = m.id
    where m.namespace = get_stats.namespace
  ) || jsonb_build_object(
    'by_type', (
      select coalesce(jsonb_object_agg(t.node_type, t.memories), '{}')
      from (select m.node_type, count(*) as memories from memory.memories m where m.namespace = get_stats.namespace group by 1) t
    ),
    'edges', (select count(*) from memory.edges e where e.namespace = get_stats.namespace),
    'domains', (
      select coalesce(jsonb_object_agg(t.domain, t.memories), '{}')
      from (
        select d as domain, count(*) as memories
        from memory.memories m, unnest(m.domains) as d
        where m.namespace = get_stats.namespace
        group by 1
      ) t
    ),
    'review_events', (select count(*) from memory.review_events e where e.namespace = get_stats.namespace),
    'model', (select to_jsonb(r) from memory.registered_model() r)
  );
end
$fn$;

comment on function memory.get_stats is
  'Counts of a namespace: memories by state, type and domain, edges, reviews, what is due, mean probability of recall.';

create or replace function memory.vacuum(
  namespace text default null
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  answer jsonb;
begin
  namespace := memory._enter(namespace, 'read', true);
  if not pg_try_advisory_xact_lock(hashtext('memory.vacuum'), hashtext(namespace)) then
    raise exception using errcode = '55P03', message = format('somebody else is counting the words of namespace %L', namespace);
  end if;
  delete from memory._terms t where t.namespace = vacuum.namespace;
  insert into memory._terms (namespace, term, documents)
  select vacuum.namespace, s.word, s.ndoc
  from ts_stat(format('select m.search_text from memory.memories m where m.namespace = %L and m.superseded_by is null', namespace)) s;
  update memory._namespaces n
  set (documents, lexemes, counted_at) = (
    select count(*), coalesce(sum(length(m.search_text)), 0), now()
    from memory.memories m
    where m.namespace = vacuum.namespace and m.superseded_by is null
  )
  where n.name = vacuum.namespace
  returning jsonb_build_object('namespace', n.name, 'memories', n.documents, 'words', n.lexemes) into answer;
  analyze memory.memories, memory.scheduling, memory.edges;
  return answer || jsonb_build_object('distinct_words', (select count(*) from memory._terms t where t.namespace = vacuum.namespace));
end
$fn$;

comment on function memory.vacuum is
  'Counts the words of a namespace, by which text searches weigh them, and refreshes the planner statistics. Run it after a large import and now and then; searches go on meanwhile. Deletes nothing. Errors: 55P03 when it runs already.';

create or replace function memory.health_check(
  namespace text default null
)
returns table (check_name text, ok boolean, found text, hint text)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  registered memory.embedding_models;
  counted memory._namespaces;
  missing bigint;
  memories bigint;
  current_memories bigint;
begin
  namespace := memory._enter(namespace, 'read');
  select m.* into registered from memory.embedding_models m where m.state = 'active';
  return query select
    'model', registered.id is not null,
    coalesce(format('%s, %s dimensions', registered.name, registered.dimensions), 'none is registered'),
    case when registered.id is null then 'select memory.register_model(NAME, DIMENSIONS)' end;

  return query select
    'vector index', coalesce(bool_or(i.indisvalid and i.indisready), registered.id is null),
    case when bool_or(i.indisvalid and i.indisready) then 'usable' when count(*) > 0 then 'not usable' else 'there is none' end,
    case when not coalesce(bool_or(i.indisvalid and i.indisready), registered.id is null) then 'reindex index memory.memories_embedding' end
  from pg_index i
  join pg_class c on c.oid = i.indexrelid
  where i.indrelid = 'memory.memories'::regclass and c.relname = 'memories_embedding';

  return query select
    'gate', exists (select from integrity._protections p where p.collection = 'memory'),
    case when exists (select from integrity._protections p where p.collection = 'memory') then 'in front of every write' else 'writes are not gated' end,
    case when not exists (select from integrity._protections p where p.collection = 'memory') then 'select integrity.protect(''memory'')' end;

  select count(*), count(*) filter (where m.embedding is null), count(*) filter (where m.superseded_by is null)
  into memories, missing, current_memories
  from memory.memories m
  where m.namespace = health_check.namespace;
  return query select
    'embeddings', missing = 0 or registered.id is null,
    format('%s of %s memories have none', missing, memories),
    case when missing > 0 and registered.id is not null then 'give them one: memory.update(id, embedding => ...)' end;

  select n.* into counted from memory._namespaces n where n.name = health_check.namespace;
  return query select
    'word counts', abs(current_memories - counted.documents) <= greatest(1000, counted.documents / 5),
    case when counted.counted_at is null then 'never counted' else format('%s current memories at %s, now %s', counted.documents, counted.counted_at, current_memories) end,
    case when abs(current_memories - counted.documents) > greatest(1000, counted.documents / 5) then format('select memory.vacuum(%L)', namespace) end;

  return query select
    're-embedding', m.id is null,
    case when m.id is null then 'none under way' else format('under way to %s, %s dimensions', m.name, m.dimensions) end,
    case when m.id is not null then 'penstock memory reembed goes on where it stopped; select memory.abort_reembed() gives it up' end
  from (select) as one
  left join memory.embedding_models m on m.state = 'next';
end
$fn$;

comment on function memory.health_check is
  'One row for each thing that should be right, with what was found and what to run where it is not.';

revoke all on function memory.count, memory.get_stats, memory.vacuum, memory.health_check from public;
grant execute on function memory.count, memory.get_stats, memory.vacuum, memory.health_check to penstock_user;
