create or replace function memory.get_scheduling(
  id uuid
)
returns table (
  state text, stability float8, difficulty float8, next_review timestamptz, last_review timestamptz, reps int, lapses int,
  scheduled_days int, learning_steps int, retrievability float8
)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform memory._own(id, 'read', false);
  return query
    select
      s.state, s.stability, s.difficulty, s.next_review, s.last_review, s.reps, s.lapses, s.scheduled_days, s.learning_steps,
      memory.retrievability(s.stability, s.last_review, now(), memory._decay(n.settings))
    from memory.scheduling s
    join memory._namespaces n on n.name = s.namespace
    where s.memory_id = get_scheduling.id;
end
$fn$;

comment on function memory.get_scheduling is
  'How well a memory is remembered, and the probability that it is recalled now. Errors: P0002.';

create or replace function memory.update_scheduling(
  id uuid,
  state text,
  stability float8,
  difficulty float8,
  next_review timestamptz,
  last_review timestamptz,
  reps int default 1,
  lapses int default 0,
  scheduled_days int default 0,
  learning_steps int default 0
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  before memory.scheduling;
  changed memory.scheduling;
begin
  perform memory._own(id, 'update');
  if state is null or stability is null or difficulty is null or next_review is null or reps is null or lapses is null then
    raise exception using errcode = '22004', message = 'expected every field of the scheduling but last_review, got NULL';
  end if;
  select s.* into strict before from memory.scheduling s where s.memory_id = update_scheduling.id for update;
  update memory.scheduling s
  set
    state = update_scheduling.state, stability = update_scheduling.stability, difficulty = update_scheduling.difficulty,
    next_review = update_scheduling.next_review, last_review = update_scheduling.last_review, reps = update_scheduling.reps,
    lapses = update_scheduling.lapses, scheduled_days = update_scheduling.scheduled_days,
    learning_steps = update_scheduling.learning_steps
  where s.memory_id = update_scheduling.id
  returning s.* into changed;
  insert into memory.review_events (memory_id, namespace, reviewed_at, rating, prior_state, new_state)
  values (id, before.namespace, now(), null, memory._state(before), memory._state(changed));
end
$fn$;

comment on function memory.update_scheduling is
  'Sets the scheduling of a memory as another program computed it, and records that as an event without a rating. Errors: P0002, 22004, 23514 for values that cannot be.';

create or replace function memory.get_due(
  "limit" int default 100,
  before timestamptz default now(),
  namespace text default null
)
returns table (id uuid, content text, node_type text, state text, next_review timestamptz, retrievability float8)
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
  if "limit" is null or "limit" not between 1 and 10000 then
    raise exception using errcode = '22023', message = format('expected a limit from 1 to 10000, got %s', coalesce("limit"::text, 'NULL'));
  end if;
  select memory._decay(n.settings) into decay from memory._namespaces n where n.name = get_due.namespace;
  return query
    select m.id, m.content, m.node_type, s.state, s.next_review, memory.retrievability(s.stability, s.last_review, get_due.before, decay)
    from memory.scheduling s
    join memory.memories m on m.id = s.memory_id
    where s.namespace = get_due.namespace
      and s.next_review <= get_due.before
      and m.superseded_by is null
      and (m.valid_until is null or m.valid_until > get_due.before)
    order by s.next_review, m.id
    limit "limit";
end
$fn$;

comment on function memory.get_due is
  'Memories whose review is due, the longest due first. New ones are due from their creation on; superseded and expired ones never. Errors: 22023, 42704.';

create or replace function memory.record_events(
  events jsonb,
  namespace text default null
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  written bigint;
begin
  namespace := memory._enter(namespace, 'update', true);
  insert into memory.review_events (memory_id, namespace, reviewed_at, rating, prior_state, new_state)
  select e.memory_id, record_events.namespace, e.reviewed_at, e.rating, coalesce(e.prior_state, '{}'), coalesce(e.new_state, '{}')
  from jsonb_to_recordset(events) as e (memory_id uuid, reviewed_at timestamptz, rating smallint, prior_state jsonb, new_state jsonb)
  join memory.memories m on m.id = e.memory_id and m.namespace = record_events.namespace
  where not exists (
    select
    from memory.review_events r
    where r.memory_id = e.memory_id and r.reviewed_at = e.reviewed_at and r.rating is not distinct from e.rating
  )
  order by e.reviewed_at;
  get diagnostics written = row_count;
  return written;
end
$fn$;

comment on function memory.record_events is
  'Adds reviews of the past to the log, from a JSON array of memory_id, reviewed_at, rating, prior_state and new_state, and returns how many were new. For copies and imports: no scheduling changes.';

revoke all on function memory.get_scheduling, memory.update_scheduling, memory.get_due, memory.record_events from public;
grant execute on function memory.get_scheduling, memory.update_scheduling, memory.get_due, memory.record_events to penstock_user;
