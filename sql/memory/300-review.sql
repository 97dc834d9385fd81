create or replace function memory._review_step(
  id uuid,
  rating int,
  at timestamptz
)
returns memory.scheduling
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  before memory.scheduling;
  changed memory.scheduling;
  settings jsonb;
  born timestamptz;
begin
  /* The row lock makes concurrent reviews of one memory follow each other. */
  select s.* into strict before from memory.scheduling s where s.memory_id = _review_step.id for update;
  /* Not the start of the transaction: while it waited for the lock, another review may have come. */
  at := coalesce(at, greatest(clock_timestamp(), before.last_review));
  select m.created_at, n.settings into strict born, settings
  from memory.memories m
  join memory._namespaces n on n.name = m.namespace
  where m.id = _review_step.id;
  if at < born then
    raise exception using errcode = '22023',
      message = format('expected a review after the creation of the memory (%s), got %s', born, at);
  end if;
  update memory.scheduling s
  set
    state = r.new_state, stability = r.new_stability, difficulty = r.new_difficulty, next_review = r.new_next_review,
    last_review = r.new_last_review, reps = r.new_reps, lapses = r.new_lapses,
    scheduled_days = r.new_scheduled_days, learning_steps = r.new_learning_steps
  from memory._review(
    before.state, before.stability, before.difficulty, before.next_review, before.last_review, before.reps, before.lapses,
    before.scheduled_days, before.learning_steps, rating, at, settings
  ) r
  where s.memory_id = _review_step.id
  returning s.* into changed;
  insert into memory.review_events (memory_id, namespace, reviewed_at, rating, prior_state, new_state)
  values (id, before.namespace, changed.last_review, rating, memory._state(before), memory._state(changed));
  return changed;
end
$fn$;

comment on function memory._review_step is
  'One review: the step of FSRS, the new state, the event. The caller has asked for the rights.';

create or replace function memory._state(
  scheduling memory.scheduling
)
returns jsonb
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return to_jsonb(scheduling) - 'memory_id' - 'namespace';
end
$fn$;

comment on function memory._state is
  'What an event keeps of a scheduling row.';

create or replace function memory.review(
  id uuid,
  rating int,
  reviewed_at timestamptz default null
)
returns table (
  state text, stability float8, difficulty float8, next_review timestamptz, last_review timestamptz, reps int, lapses int,
  scheduled_days int, learning_steps int
)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform memory._own(id, 'update');
  if rating is null or rating not between 1 and 4 then
    raise exception using errcode = '22023',
      message = format('expected a rating of 1 (again), 2 (hard), 3 (good) or 4 (easy), got %s', coalesce(rating::text, 'NULL'));
  end if;
  if not isfinite(reviewed_at) then
    raise exception using errcode = '22023', message = format('expected a time of the review, got %s', reviewed_at);
  end if;
  return query
    select
      r.state, r.stability, r.difficulty, r.next_review, r.last_review, r.reps, r.lapses, r.scheduled_days, r.learning_steps
    from memory._review_step(id, rating, reviewed_at) r;
end
$fn$;

comment on function memory.review is
  'Records how well a memory was recalled (1 again, 2 hard, 3 good, 4 easy) and returns its new scheduling, by FSRS-6. Without reviewed_at it happens now. State and event change together or not at all. Times count in whole milliseconds. Errors: P0002, 22023 for another rating or a time before the creation or the last review.';

revoke all on function memory._review_step, memory._state, memory.review from public;
grant execute on function memory.review to penstock_user;
