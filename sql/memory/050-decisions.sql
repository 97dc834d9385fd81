create table memory.dedupe_decisions (
  id bigint generated always as identity primary key,
  namespace text not null references memory._namespaces (name) on delete cascade,
  decided_at timestamptz not null default now(),
  action text not null,
  memory_id uuid not null,
  matched_id uuid not null,
  similarity float8,
  reason text not null,
  not_stored jsonb,
  embedding vector,
  undone_at timestamptz,
  constraint known_action check (action in ('reinforce', 'update')),
  constraint kept_unless_stored check ((not_stored is not null) = (action = 'reinforce'))
);

create index dedupe_decisions_in_order on memory.dedupe_decisions (namespace, id);
create index dedupe_decisions_of_memory on memory.dedupe_decisions (matched_id);

comment on table memory.dedupe_decisions is
  'Each time insert did something other than create: what, why, and what it takes to undo it.';
comment on column memory.dedupe_decisions.memory_id is 'The memory that insert answered with.';
comment on column memory.dedupe_decisions.matched_id is 'The memory that was there.';
comment on column memory.dedupe_decisions.not_stored is 'Reinforce stored nothing new: all of what was given, for memory.undo_decision.';

alter table memory.dedupe_decisions enable row level security;
create policy own_namespaces on memory.dedupe_decisions
  for select using (namespace = any ((select memory._reachable(false))::text[]));

revoke all on memory.dedupe_decisions from public;
grant select on memory.dedupe_decisions to penstock_user;

create table memory._terms (
  namespace text not null references memory._namespaces (name) on delete cascade,
  term text not null,
  documents int not null,
  primary key (namespace, term)
);

comment on table memory._terms is
  'In how many memories of a namespace each word occurs, as of the last memory.vacuum. Ranking weighs words by it.';

revoke all on memory._terms from public;
