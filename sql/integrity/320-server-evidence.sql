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

create or replace function integrity._needed_standbys()
returns int
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  names constant text := current_setting('synchronous_standby_names');
begin
  return case
    when btrim(names) = '' then 0
    else coalesce((regexp_match(names, '^\s*(?:any\s+|first\s+)?([0-9]+)\s*\(', 'i'))[1]::int, 1)
  end;
end
$fn$;

comment on function integrity._needed_standbys is
  'How many synchronous standbys a commit waits for, by synchronous_standby_names.';

create or replace function integrity._connected_standbys()
returns int
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (select count(*)::int from pg_catalog.pg_stat_replication r where r.sync_state in ('sync', 'quorum'));
end
$fn$;

comment on function integrity._connected_standbys is
  'How many synchronous standbys there are. 0 for who may not see statistics.';

create or replace function integrity._do_not_wait_for_standbys()
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  if current_setting('synchronous_commit') not in ('off', 'local')
    and integrity._needed_standbys() > integrity._connected_standbys()
  then
    perform set_config('synchronous_commit', 'local', true);
  end if;
end
$fn$;

comment on function integrity._do_not_wait_for_standbys is
  'While synchronous standbys are missing, lets this transaction commit without them: that they are missing must come to light.';

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
  needed constant int := integrity._needed_standbys();
begin
  if needed = 0 then
    return '[]';
  end if;
  return jsonb_build_array(jsonb_build_object(
    'signal', 'sync_quorum',
    'member', left(current_setting('synchronous_standby_names'), 500),
    'status', case when pg_has_role('pg_read_all_stats', 'usage') then 'measured' else 'blind' end,
    'needed', needed,
    'connected', integrity._connected_standbys()
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
  integrity._is_embedded, integrity._needed_standbys, integrity._connected_standbys,
  integrity._do_not_wait_for_standbys, integrity._evidence_sync_quorum,
  integrity._evidence_subscriptions
  from public;
