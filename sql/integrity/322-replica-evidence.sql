/* The standbys of a whole server, which the embedded database does not have. */
create or replace function integrity._synchronous_names()
returns table (
  name text
)
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return query
  select coalesce(replace(found.parts[1], '""', '"'), lower(found.parts[2]))
  from regexp_matches(
    regexp_replace(current_setting('synchronous_standby_names'), '^\s*(any\s+|first\s+)?[0-9]+\s*\((.*)\)\s*$', '\2', 'i'),
    '"((?:[^"]|"")*)"|([^\s,"]+)', 'g'
  ) as found (parts)
  where found.parts[2] is distinct from '*';
end
$fn$;

comment on function integrity._synchronous_names is
  'The standbys that synchronous_standby_names names, without *.';

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
  /*
   * The expected set comes from slots, those that were seen before included, and from
   * settings: the row of a stopped replica vanishes from pg_stat_replication.
   */
  return (
    with slots as (
      select p.slot_name::text, p.active_pid, p.restart_lsn, p.wal_status, p.safe_wal_size, r.application_name, null as note
      from pg_catalog.pg_replication_slots p
      left join integrity._replicas r on r.slot_name = p.slot_name
      where p.slot_type = 'physical' and not p.temporary
      union all
      select r.slot_name, null, null, 'lost', null, r.application_name, 'its slot is gone'
      from integrity._replicas r
      where r.system_identifier = (select c.system_identifier::text from pg_control_system() c)
        and not exists (select from pg_catalog.pg_replication_slots p where p.slot_name = r.slot_name)
    ),
    senders as (
      select r.pid, r.application_name, r.replay_lsn
      from pg_catalog.pg_stat_replication r
      where r.state is distinct from 'backup'
        and not exists (
          select from pg_catalog.pg_replication_slots p where p.active_pid = r.pid and p.slot_type = 'logical'
        )
    ),
    replicas as (
      select
        coalesce(slot.slot_name, r.application_name || ' (' || r.pid || ')') as member,
        r.pid is not null as connected,
        slot.wal_status,
        coalesce(r.replay_lsn, slot.restart_lsn) as position,
        slot.safe_wal_size,
        slot.note
      from slots as slot
      full join senders r on r.pid = slot.active_pid
      union all
      select n.name, false, null, null, null, 'named by synchronous_standby_names'
      from integrity._synchronous_names() n
      where not exists (select from senders r where lower(r.application_name) = lower(n.name))
        and not exists (select from slots s where lower(s.application_name) = lower(n.name) or s.slot_name = n.name)
    )
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'signal', 'replica',
        'member', r.member,
        'status', case when pg_has_role('pg_read_all_stats', 'usage') then 'measured' else 'blind' end,
        'connected', r.connected,
        'wal_status', r.wal_status,
        /* Both may be below zero: a position read a moment later, a slot beyond its budget. */
        'lag_bytes', greatest(pg_wal_lsn_diff(write_position, coalesce(r.position, write_position)), 0),
        'safe_wal_size', case when r.safe_wal_size < 0 then 0 else r.safe_wal_size end,
        'note', case
          when pg_has_role('pg_read_all_stats', 'usage') then r.note
          else 'whoever installed Penstock is no member of pg_monitor'
        end
      )
      order by r.member
    ), '[]')
    from replicas r
  );
end
$fn$;

comment on function integrity._evidence_replicas is
  'Physical replicas: one member a slot, present or remembered, connected ones without a slot, and those that settings name.';

create or replace function integrity._record_replicas(
  forget boolean
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  here constant text := (select c.system_identifier::text from pg_control_system() c);
  added text[];
  forgotten text[] := '{}';
begin
  /* A slot that was made and never used is no replica yet. */
  with seen as (
    insert into integrity._replicas as known (slot_name, application_name, system_identifier)
    select p.slot_name, r.application_name, here
    from pg_catalog.pg_replication_slots p
    left join pg_catalog.pg_stat_replication r on r.pid = p.active_pid
    where p.slot_type = 'physical' and not p.temporary and p.restart_lsn is not null
    on conflict (slot_name) do update
    set application_name = coalesce(excluded.application_name, known.application_name),
        system_identifier = excluded.system_identifier,
        recorded_at = clock_timestamp()
    where known.system_identifier <> excluded.system_identifier
      or known.application_name is distinct from coalesce(excluded.application_name, known.application_name)
    returning known.slot_name, known.recorded_at
  )
  select coalesce(array_agg(s.slot_name order by s.slot_name), '{}') into added from seen s;

  if forget then
    with gone as (
      delete from integrity._replicas r
      where not exists (select from pg_catalog.pg_replication_slots p where p.slot_name = r.slot_name)
      returning r.slot_name
    )
    select coalesce(array_agg(g.slot_name order by g.slot_name), '{}') into forgotten from gone g;
  end if;
  return jsonb_build_object('replicas_added', to_jsonb(added), 'replicas_forgotten', to_jsonb(forgotten));
end
$fn$;

comment on function integrity._record_replicas is
  'Adds the slots of standbys to what this server is known to have; forget removes those that are gone. Returns what changed.';

revoke all on function
  integrity._synchronous_names, integrity._evidence_replicas, integrity._record_replicas
  from public;
