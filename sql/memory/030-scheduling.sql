create table memory.scheduling (
  memory_id uuid primary key references memory.memories (id) on delete cascade,
  namespace text not null,
  state text not null default 'new',
  stability float8 not null default 0,
  difficulty float8 not null default 0,
  next_review timestamptz not null default now(),
  last_review timestamptz,
  reps int not null default 0,
  lapses int not null default 0,
  scheduled_days int not null default 0,
  learning_steps int not null default 0,
  constraint known_state check (state in ('new', 'learning', 'review', 'relearning')),
  constraint new_until_reviewed check ((state = 'new') = (last_review is null)),
  constraint stability_once_reviewed check (stability between 0 and 36500 and (stability > 0) = (last_review is not null)),
  constraint sane_difficulty check (difficulty between 0 and 10),
  constraint sane_counts check (reps >= 0 and lapses >= 0 and scheduled_days >= 0 and learning_steps >= 0)
);

create index scheduling_due on memory.scheduling (namespace, next_review);

comment on table memory.scheduling is
  'How well each memory is remembered, by FSRS-6. One row a memory. The probability of recall is computed when asked for, never stored.';
comment on column memory.scheduling.state is 'new, learning, review or relearning.';
comment on column memory.scheduling.stability is 'Days until the probability of recall has fallen to 0.9; 0 before the first review.';
comment on column memory.scheduling.difficulty is 'From 1 (easy) to 10; 0 before the first review.';
comment on column memory.scheduling.next_review is 'When it is due.';

create table memory.review_events (
  id bigint generated always as identity primary key,
  memory_id uuid not null references memory.memories (id) on delete cascade,
  namespace text not null,
  reviewed_at timestamptz not null,
  rating smallint,
  prior_state jsonb not null,
  new_state jsonb not null,
  constraint known_rating check (rating between 1 and 4)
);

create index review_events_of_memory on memory.review_events (memory_id, id);
create index review_events_in_order on memory.review_events (namespace, reviewed_at);

comment on table memory.review_events is
  'Every review, with the scheduling before and after. Rows are added and go with their memory; none is changed.';
comment on column memory.review_events.rating is '1 again, 2 hard, 3 good, 4 easy; NULL where update_scheduling set the state.';

create or replace function memory._tg_review_events__append_only()
returns trigger
volatile
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  /* A memory that is deleted takes its events along, through the foreign key. */
  if tg_op = 'DELETE' and pg_trigger_depth() > 1 then
    return old;
  end if;
  raise exception using errcode = '55000',
    message = 'review events are added, never changed or removed',
    hint = 'Delete the memory and they go with it.';
end
$fn$;

comment on function memory._tg_review_events__append_only is
  'Refuses to change the log of reviews.';

revoke all on function memory._tg_review_events__append_only from public;

create or replace trigger _100_append_only
before update or delete on memory.review_events
for each row
execute function memory._tg_review_events__append_only();

alter table memory.scheduling enable row level security;
alter table memory.review_events enable row level security;
create policy own_namespaces on memory.scheduling
  for select using (namespace = any ((select memory._reachable(false))::text[]));
create policy own_namespaces on memory.review_events
  for select using (namespace = any ((select memory._reachable(false))::text[]));

revoke all on memory.scheduling, memory.review_events from public;
grant select on memory.scheduling, memory.review_events to penstock_user;
