/* Replication of a whole server, which the embedded database does not have. */
create or replace function integrity._is_embedded()
returns boolean
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return exists (
    select
    from pg_catalog.pg_stat_activity a
    where a.pid = pg_backend_pid() and a.backend_type = 'standalone backend'
  );
end
$fn$;

comment on function integrity._is_embedded is 'Whether this is a single backend without a server around it, as PGlite is.';

create or replace function integrity._evidence_replicas(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  write_position constant pg_lsn := case
    when pg_is_in_recovery() then pg_last_wal_replay_lsn()
    else pg_current_wal_lsn()
  end;
begin
  /* The expected set comes from the slots: the row of a stopped replica vanishes from pg_stat_replication. */
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'signal', 'replica',
        'member', coalesce(slot.slot_name, r.application_name || ' (' || r.pid || ')'),
        'status', case when pg_has_role('pg_read_all_stats', 'usage') then 'measured' else 'blind' end,
        'connected', r.pid is not null,
        'wal_status', slot.wal_status,
        /* Both may be below zero: a position read a moment later, a slot beyond its budget. */
        'lag_bytes', case when lag.bytes < 0 then 0 else lag.bytes end,
        'safe_wal_size', case when slot.safe_wal_size < 0 then 0 else slot.safe_wal_size end
      )
    ), '[]')
    from (select * from pg_catalog.pg_replication_slots p where p.slot_type = 'physical' and not p.temporary) as slot
    full join pg_catalog.pg_stat_replication r on r.pid = slot.active_pid
    cross join lateral (
      select pg_wal_lsn_diff(write_position, coalesce(r.replay_lsn, slot.restart_lsn)) as bytes
    ) as lag
    where slot.slot_name is not null
      or not exists (
        select
        from pg_catalog.pg_replication_slots other
        where other.active_pid = r.pid
      )
  );
end
$fn$;

comment on function integrity._evidence_replicas is 'Physical replicas: one member a slot, and connected ones without a slot.';

create or replace function integrity._evidence_sync_quorum(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  names constant text := current_setting('synchronous_standby_names');
begin
  if btrim(names) = '' then
    return '[]';
  end if;
  return jsonb_build_array(jsonb_build_object(
    'signal', 'sync_quorum',
    'member', names,
    'needed', coalesce((regexp_match(names, '^\s*(?:any\s+|first\s+)?([0-9]+)\s*\(', 'i'))[1]::int, 1),
    'connected', (select count(*) from pg_catalog.pg_stat_replication r where r.sync_state in ('sync', 'quorum'))
  ));
end
$fn$;

comment on function integrity._evidence_sync_quorum is 'Synchronous standbys that commits wait for, against those that are there.';

create or replace function integrity._evidence_subscriptions(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'signal', 'subscription',
      'member', s.subname,
      'worker_running', exists (
        select from pg_catalog.pg_stat_subscription w where w.subid = s.oid and w.relid is null and w.pid is not null
      )
    )), '[]')
    from pg_catalog.pg_subscription s
    join pg_catalog.pg_database d on d.oid = s.subdbid
    where s.subenabled and d.datname = current_database()
  );
end
$fn$;

comment on function integrity._evidence_subscriptions is 'Enabled logical subscriptions of this database and whether their worker runs.';

revoke all on function
  integrity._is_embedded, integrity._evidence_replicas, integrity._evidence_sync_quorum,
  integrity._evidence_subscriptions
  from public;
