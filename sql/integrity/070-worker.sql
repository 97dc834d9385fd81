create table integrity._worker (
  is_the_only_one boolean primary key default true,
  token bigint not null,
  name text not null,
  version text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  ended_at timestamptz,
  disk_used_share float8,
  disk_reported_at timestamptz,
  constraint only_one check (is_the_only_one),
  constraint share_is_a_share check (disk_used_share between 0 and 1),
  constraint share_with_a_time check ((disk_used_share is null) = (disk_reported_at is null))
);

comment on table integrity._worker is 'The worker that is active, or was the last one: one row, or none before the first.';
comment on column integrity._worker.token is
  'Fencing token: grows with every worker that begins. What an earlier one still writes is refused.';
comment on column integrity._worker.disk_used_share is
  'Used share of the disk that holds the data, from 0 to 1, as the worker saw it. No SQL shows it.';

revoke all on integrity._worker from public;
