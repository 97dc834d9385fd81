/* The book that is kept about probes: which are under way, what they found. */
create or replace function integrity._probe_lock(
  kind text,
  member text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform pg_advisory_xact_lock_shared(1346719312, hashtext(kind || ' ' || member));
end
$fn$;

comment on function integrity._probe_lock is
  'Shows, until this transaction ends, however it ends, that this session makes a probe. Advisory lock of class 1346719312 (PENP).';

create or replace function integrity._probe_is_running(
  probe integrity._probes
)
returns boolean
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return exists (
    select
    from pg_catalog.pg_locks l
    where l.locktype = 'advisory'
      and l.classid = 1346719312
      and l.objid::bigint = hashtext(probe.kind || ' ' || probe.member) & 4294967295
      and l.pid = probe.pid
  );
end
$fn$;

comment on function integrity._probe_is_running is
  'Whether the session that began a probe is still at it.';

create or replace function integrity._begin_probe(
  kind text,
  collection text,
  member text,
  interval_secs float8
)
returns boolean
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  before integrity._probes;
begin
  perform integrity._do_not_wait_for_standbys();
  insert into integrity._probes (kind, collection, member)
  values (_begin_probe.kind, _begin_probe.collection, _begin_probe.member)
  on conflict do nothing;
  select p.* into before
  from integrity._probes p
  where p.kind = _begin_probe.kind
    and p.collection is not distinct from _begin_probe.collection
    and p.member = _begin_probe.member
  for update skip locked;
  if not found
    /* After the clock was set back the last attempt lies ahead, and tells nothing. */
    or (before.attempted_at + make_interval(secs => interval_secs) > clock_timestamp() and before.attempted_at <= clock_timestamp())
    or (before.started_at is not null and integrity._probe_is_running(before))
  then
    return false;
  end if;
  update integrity._probes p
  set started_at = clock_timestamp(),
      pid = pg_backend_pid()
  where p.kind = _begin_probe.kind
    and p.collection is not distinct from _begin_probe.collection
    and p.member = _begin_probe.member;
  return true;
end
$fn$;

comment on function integrity._begin_probe is
  'Takes a probe for this session when it is due and no living session is at it. Returns whether it did.';

create or replace function integrity._end_probe(
  kind text,
  collection text,
  member text,
  outcome jsonb
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  is_corrupt constant boolean := kind = 'primary_key' and outcome ->> 'status' = 'failed';
begin
  perform integrity._do_not_wait_for_standbys();
  update integrity._probes p
  set started_at = null,
      pid = null,
      attempted_at = clock_timestamp(),
      succeeded_at = case when outcome ->> 'status' = 'ok' then clock_timestamp() else p.succeeded_at end,
      status = outcome ->> 'status',
      note = left(outcome ->> 'note', 1000),
      result = case
        when is_corrupt then p.result || jsonb_build_object('corruption', left(outcome ->> 'note', 1000))
        else p.result || coalesce(outcome -> 'result', '{}')
      end
  where p.kind = _end_probe.kind
    and p.collection is not distinct from _end_probe.collection
    and p.member = _end_probe.member;
  if is_corrupt then
    perform integrity._append_event(
      'corruption', collection, jsonb_build_object('primary_key', member, 'words', left(outcome ->> 'note', 1000))
    );
  end if;
end
$fn$;

comment on function integrity._end_probe is
  'Writes down what a probe found. outcome: status ok, failed or blind, note, result.';

create or replace function integrity._cancel_overdue_probes()
returns int
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  overdue integrity._probes;
  cancelled int := 0;
begin
  for overdue in
    select p.*
    from integrity._probes p
    cross join integrity.sources s
    where p.kind = 'server'
      and (
        p.started_at + make_interval(secs => s.server_probe_timeout_secs) < clock_timestamp()
        or p.started_at > clock_timestamp()
      )
      and p.pid <> pg_backend_pid()
  loop
    begin
      if integrity._probe_is_running(overdue) and pg_cancel_backend(overdue.pid) then
        cancelled := cancelled + 1;
      end if;
    exception
      /* Not ours to cancel: the probe counts as failed all the same. */
      when insufficient_privilege then null;
    end;
  end loop;
  return cancelled;
end
$fn$;

comment on function integrity._cancel_overdue_probes is
  'Ends probes of foreign servers that have waited for longer than they may. The sampler calls it, for a session that waits cannot watch itself.';

revoke all on function
  integrity._probe_lock, integrity._probe_is_running, integrity._begin_probe, integrity._end_probe, integrity._cancel_overdue_probes
  from public;
grant execute on function integrity._probe_lock, integrity._begin_probe, integrity._end_probe, integrity._cancel_overdue_probes
  to penstock_admin, penstock_operator, penstock_worker;
