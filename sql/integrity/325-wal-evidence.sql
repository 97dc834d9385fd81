/* Archiver, WAL and connections of a whole server, which the embedded database does not have. */
create or replace function integrity._archiver_fails()
returns boolean
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select coalesce(a.last_failed_time > coalesce(a.last_archived_time, '-infinity'), false)
    from pg_catalog.pg_stat_archiver a
  );
end
$fn$;

comment on function integrity._archiver_fails is
  'Whether the newest failure of archive_command is later than its newest success. False where nothing is archived.';

create or replace function integrity._evidence_archiver(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  if current_setting('archive_mode') = 'off' then
    return '[]';
  end if;
  return (
    select jsonb_build_array(jsonb_build_object(
      'signal', 'archiver',
      'member', 'archiver',
      'last_archived_us', (extract(epoch from a.last_archived_time) * 1000000)::bigint,
      'last_failed_us', (extract(epoch from a.last_failed_time) * 1000000)::bigint,
      'ready_files', (select count(*) from pg_ls_archive_statusdir() f where f.name like '%.ready')
    ))
    from pg_catalog.pg_stat_archiver a
  );
end
$fn$;

comment on function integrity._evidence_archiver is 'The WAL archiver: last success, last failure, files that wait.';

create or replace function integrity._evidence_wal(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  slot_budget constant bigint := (
    select s.setting::bigint * 1048576 from pg_catalog.pg_settings s where s.name = 'max_slot_wal_keep_size'
  );
  wal_budget constant bigint := (select s.wal_budget_bytes from integrity.sources s);
  signals jsonb := '[]';
begin
  if pg_is_in_recovery() or (slot_budget < 0 and wal_budget is null) then
    return jsonb_build_array(jsonb_build_object(
      'signal', 'wal', 'member', 'wal', 'status', 'not_applicable',
      'note', 'neither max_slot_wal_keep_size nor integrity.set_sources sets a budget'
    ));
  end if;
  if slot_budget >= 0 then
    /* A slot beyond its budget is lost, which the replicas show; the server writes on. */
    signals := signals || (
      select jsonb_build_object(
        'signal', 'wal',
        'member', 'slots',
        'used_bytes', greatest(max(pg_wal_lsn_diff(pg_current_wal_lsn(), p.restart_lsn)), 0),
        'budget_bytes', slot_budget,
        'archiver_failing', false
      )
      from pg_catalog.pg_replication_slots p
    );
  end if;
  if wal_budget is not null then
    signals := signals || jsonb_build_object(
      'signal', 'wal',
      'member', 'pg_wal',
      'used_bytes', (select coalesce(sum(f.size), 0) from pg_ls_waldir() f),
      'budget_bytes', wal_budget,
      'archiver_failing', integrity._archiver_fails()
    );
  end if;
  return signals;
end
$fn$;

comment on function integrity._evidence_wal is
  'WAL that slots hold back against max_slot_wal_keep_size, and pg_wal against its configured budget.';

create or replace function integrity._evidence_connections(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return jsonb_build_array(jsonb_build_object(
    'signal', 'connections',
    'member', 'connections',
    /* Without the right to see what other sessions are, all that are in a database count. */
    'used', case
      when pg_has_role('pg_read_all_stats', 'usage') then (
        select count(*) from pg_catalog.pg_stat_activity a where a.backend_type = 'client backend'
      )
      else (select coalesce(sum(d.numbackends), 0) from pg_catalog.pg_stat_database d where d.datid <> 0)
    end,
    'max', current_setting('max_connections')::int
  ));
end
$fn$;

comment on function integrity._evidence_connections is 'Client connections against max_connections.';

revoke all on function
  integrity._archiver_fails, integrity._evidence_archiver, integrity._evidence_wal, integrity._evidence_connections
  from public;
