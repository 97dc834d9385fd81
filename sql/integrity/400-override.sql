create or replace function integrity.override(
  collection text,
  state text,
  reason text,
  duration interval
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  before constant integrity._states := integrity._locked_state(collection);
  step jsonb;
begin
  step := integrity._pin_state(
    before.machine,
    jsonb_build_object(
      'state', override.state,
      'reason', reason,
      'by', session_user,
      'duration_secs', extract(epoch from duration),
      'now_us', (extract(epoch from clock_timestamp()) * 1000000)::bigint
    )
  );
  perform integrity._append_event(
    'override', collection,
    jsonb_build_object(
      'state', override.state,
      'measured_state', before.measured_state,
      'reason', reason,
      'until_us', step #>> '{machine,override,until_us}'
    )
  );
  perform integrity._apply_step(collection, step);
  perform integrity._maintain_triggers(collection);
  return step #> '{machine,override}';
end
$fn$;

comment on function integrity.override is
  'Pins the state of a collection against the sampler for a time, from 100 ms to 30 days, with a reason that the history keeps. Setting again replaces. Errors: 22023, 42704.';

create or replace function integrity.clear_override(
  collection text,
  reason text
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  before constant integrity._states := integrity._locked_state(collection);
  step jsonb;
begin
  step := integrity._pin_state(
    before.machine,
    jsonb_build_object(
      'clear', true,
      'reason', reason,
      'by', session_user,
      'now_us', (extract(epoch from clock_timestamp()) * 1000000)::bigint
    )
  );
  perform integrity._append_event(
    'override_cleared', collection,
    jsonb_build_object('state', step -> 'state', 'reason', reason)
  );
  perform integrity._apply_step(collection, step);
  perform integrity._maintain_triggers(collection);
end
$fn$;

comment on function integrity.clear_override is
  'Ends an override: the gates follow the measured state again, at once. Errors: 22023 no reason, 42704 no override or no such collection.';

create or replace function integrity.kill_switch(
  engaged boolean,
  reason text,
  collection text default null
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  affected text;
begin
  if engaged is null or coalesce(btrim(reason), '') = '' then
    raise exception using
      errcode = '22023',
      message = format('expected engaged as true or false and a reason, got %s and %L', coalesce(engaged::text, 'NULL'), reason);
  end if;
  if kill_switch.collection is not null then
    perform penstock._collection(kill_switch.collection);
  end if;
  for affected in
    select s.collection
    from integrity._states s
    where s.collection = coalesce(kill_switch.collection, s.collection) and s.killed <> engaged
    order by s.collection
    for update
  loop
    update integrity._states s set killed = engaged, published = s.published # 2 where s.collection = affected;
    perform integrity._append_event('kill_switch', affected, jsonb_build_object('engaged', engaged, 'reason', reason));
  end loop;
end
$fn$;

comment on function integrity.kill_switch is
  'Makes every gate of one collection, or of all that exist, allow everything, or ends that. Seen by every session at the commit, older snapshots included. Sampling goes on. Errors: 22023, 42704.';

create or replace function integrity.clear_checksum_failures(
  collection text,
  reason text
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  failures constant bigint := (
    select d.checksum_failures from pg_catalog.pg_stat_database d where d.datname = current_database()
  );
begin
  perform integrity._locked_state(collection);
  if coalesce(btrim(reason), '') = '' then
    raise exception using errcode = '22023', message = 'reason: expected what was done about the failures, got nothing';
  end if;
  update integrity._states s
  set checksum_failures_cleared = coalesce(failures, 0)
  where s.collection = clear_checksum_failures.collection;
  update integrity._probes p
  set result = p.result - 'corruption'
  where p.kind = 'primary_key' and p.collection = clear_checksum_failures.collection;
  perform integrity._append_event(
    'checksum_cleared', collection, jsonb_build_object('failures', coalesce(failures, 0), 'reason', reason)
  );
end
$fn$;

comment on function integrity.clear_checksum_failures is
  'Says that the checksum failures and corrupt primary keys found so far have been dealt with; new ones make the state critical again. Errors: 22023, 42704.';

revoke all on function
  integrity.override, integrity.clear_override, integrity.kill_switch, integrity.clear_checksum_failures
  from public;
grant execute on function
  integrity.override, integrity.clear_override, integrity.kill_switch, integrity.clear_checksum_failures
  to penstock_admin, penstock_operator;
