/* Archiver, WAL and connections of a whole server, which the embedded database does not have. */
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
  budget constant bigint := (select s.setting::bigint * 1048576 from pg_catalog.pg_settings s where s.name = 'max_slot_wal_keep_size');
begin
  if budget < 0 or pg_is_in_recovery() then
    return jsonb_build_array(jsonb_build_object(
      'signal', 'wal', 'member', 'wal', 'status', 'not_applicable', 'note', 'max_slot_wal_keep_size sets no budget'
    ));
  end if;
  return (
    select jsonb_build_array(jsonb_build_object(
      'signal', 'wal',
      'member', 'wal',
      'used_bytes', greatest(max(pg_wal_lsn_diff(pg_current_wal_lsn(), p.restart_lsn)), 0),
      'budget_bytes', budget,
      'archiver_failing', (
        select coalesce(a.last_failed_time > coalesce(a.last_archived_time, '-infinity'), false)
        from pg_catalog.pg_stat_archiver a
      )
    ))
    from pg_catalog.pg_replication_slots p
  );
end
$fn$;

comment on function integrity._evidence_wal is 'WAL that slots hold back against max_slot_wal_keep_size.';

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
  return (
    select jsonb_build_array(jsonb_build_object(
      'signal', 'connections',
      'member', 'connections',
      'used', count(*),
      'max', current_setting('max_connections')::int
    ))
    from pg_catalog.pg_stat_activity a
    where a.backend_type = 'client backend'
  );
end
$fn$;

comment on function integrity._evidence_connections is 'Client connections against max_connections.';

revoke all on function
  integrity._evidence_archiver, integrity._evidence_wal, integrity._evidence_connections
  from public;
