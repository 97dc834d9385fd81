create table integrity._worker (
  is_the_only_one boolean primary key default true,
  token bigint not null,
  name text not null,
  version text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  ended_at timestamptz,
  constraint only_one check (is_the_only_one)
);

comment on table integrity._worker is 'The worker that is active, or was the last one: one row, or none before the first.';
comment on column integrity._worker.token is
  'Fencing token: grows with every worker that begins. What an earlier one still writes is refused.';

revoke all on integrity._worker from public;
