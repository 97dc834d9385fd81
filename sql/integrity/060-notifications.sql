/* What was told by NOTIFY, for those who did not listen: the worker posts it to a webhook. */
create table integrity._outbox (
  id bigint generated always as identity primary key,
  created_at timestamptz not null default clock_timestamp(),
  collection text not null,
  event text not null,
  payload jsonb not null,
  attempts int not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  delivered_at timestamptz,
  last_error text,
  constraint delivered_after_an_attempt check (delivered_at is null or attempts > 0)
);

create index on integrity._outbox (next_attempt_at) where delivered_at is null;
create index on integrity._outbox (created_at);

comment on table integrity._outbox is
  'Notifications in the order in which they were made, written in the transaction that caused them. A row stays for a week, delivered or not.';
comment on column integrity._outbox.attempts is 'How many times the worker has tried to post it.';

create table integrity._approaches (
  collection text primary key references penstock._collections (name) on update cascade on delete cascade,
  threshold text not null,
  since timestamptz not null,
  clear_since timestamptz,
  constraint known_threshold check (threshold in ('threshold_high', 'threshold_low'))
);

comment on table integrity._approaches is
  'Collections whose lambda_cut has come near the threshold below their state, so that it is told once.';
comment on column integrity._approaches.clear_since is
  'Since when lambda_cut has been well above the threshold again; recovery is told after the hold time of the policy.';

revoke all on integrity._outbox, integrity._approaches from public;
