/* Commits and logical replication of a whole server, which the embedded database does not have. */
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
    'member', left(names, 500),
    'status', case when pg_has_role('pg_read_all_stats', 'usage') then 'measured' else 'blind' end,
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
    /* One that an error has disabled is not there on purpose. */
    where (s.subenabled or s.subdisableonerr) and d.datname = current_database()
  );
end
$fn$;

comment on function integrity._evidence_subscriptions is 'Logical subscriptions of this database, those that an error has disabled included, and whether their worker runs.';

revoke all on function
  integrity._is_embedded, integrity._evidence_sync_quorum,
  integrity._evidence_subscriptions
  from public;
