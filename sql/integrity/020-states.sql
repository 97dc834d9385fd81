create table integrity._states (
  collection text primary key references penstock._collections (name) on update cascade on delete cascade,
  collection_id int not null unique,
  state text not null default 'normal',
  measured_state text not null default 'normal',
  machine jsonb not null default '{}',
  policy_name text,
  mode text not null default 'observe',
  lambda_cut float8,
  lambda2 float8,
  witness_is_index boolean not null default false,
  epoch bigint not null default 0,
  published bigint not null default 0,
  epoch_sequence regclass not null,
  killed boolean not null default false,
  changed_at timestamptz not null default clock_timestamp(),
  last_sample_at timestamptz,
  sample_count bigint not null default 0,
  checksum_failures_cleared bigint not null default 0,
  constraint known_state check (state in ('normal', 'stress', 'critical')),
  constraint known_measured_state check (measured_state in ('normal', 'stress', 'critical')),
  constraint known_mode check (mode in ('off', 'observe', 'enforce')),
  constraint sampled_or_not check ((sample_count = 0) = (last_sample_at is null))
);

comment on table integrity._states is
  'The state of each collection. Whoever changes it holds the lock of its row, which is what makes samplers take turns.';
comment on column integrity._states.state is 'The effective state, which the gates follow: that of an override while one is active.';
comment on column integrity._states.machine is 'Memory of the state machine, written and read only by integrity._next_state and integrity._pin_state.';
comment on column integrity._states.epoch is 'Grows by one whenever the gates are compiled.';
comment on column integrity._states.published is
  'What the epoch sequence shows once this is committed: epoch * 8 + 4 (writes meet no limit) + 2 (kill switch) + 1 (enforce).';
comment on column integrity._states.epoch_sequence is
  'Sequence that shows the column published to every session, those with an older snapshot included.';
comment on column integrity._states.checksum_failures_cleared is 'Checksum failures of the database that an operator has dealt with.';
comment on column integrity._states.killed is 'The kill switch: every gate of the collection allows.';

create table integrity._samples (
  collection text primary key references penstock._collections (name) on update cascade on delete cascade,
  sampled_at timestamptz not null,
  evidence jsonb not null,
  graph jsonb not null,
  witness jsonb not null,
  words text not null
);

comment on table integrity._samples is
  'The last sample of each collection: raw evidence, the graph made of it, its minimum cut, and what the state machine said.';

/*
 * Runs at the very end of the transaction that changed the gates. setval is seen at once by
 * every session: done any earlier, readers would be sent away for as long as the transaction
 * lasts. nextval would not do, for it writes no WAL for up to 32 calls.
 */
create or replace function integrity._tg_states__publish_epoch()
returns trigger
volatile
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  /* The row as the transaction leaves it, whichever of its changes this is for. */
  perform setval(s.epoch_sequence, s.published)
  from integrity._states s
  where s.collection = new.collection;
  return null;
end
$fn$;

comment on function integrity._tg_states__publish_epoch is
  'Publishes epoch, kill switch and mode of a collection to sessions whose snapshot is older. Deferred to the commit.';

revoke all on function integrity._tg_states__publish_epoch from public;

create constraint trigger _500_publish_epoch
after update on integrity._states
deferrable initially deferred
for each row
when (old.published is distinct from new.published)
execute function integrity._tg_states__publish_epoch();

revoke all on integrity._states, integrity._samples from public;
