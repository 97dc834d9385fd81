/*
 * One worker at a time: it holds an advisory lock of its session, class 1346719319 ("PENW"),
 * object 1, and every write carries the token that it was given when it began.
 */
create or replace function integrity.worker_begin(
  name text,
  version text
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  given bigint;
begin
  /* The embedded database has one session for everybody, which would get its own lock a second time. */
  if exists (
    select
    from pg_catalog.pg_locks l
    where l.locktype = 'advisory' and l.classid = 1346719319 and l.objid = 1 and l.pid = pg_backend_pid()
  )
    and exists (
      select from integrity._worker w where w.ended_at is null and w.seen_at > clock_timestamp() - interval '1 minute'
    )
  then
    return null;
  end if;
  if not pg_try_advisory_lock(1346719319, 1) then
    return null;
  end if;
  insert into integrity._worker as w (token, name, version, started_at, seen_at)
  values (1, worker_begin.name, worker_begin.version, clock_timestamp(), clock_timestamp())
  on conflict on constraint _worker_pkey do update
  set token = w.token + 1,
      name = excluded.name,
      version = excluded.version,
      started_at = excluded.started_at,
      seen_at = excluded.seen_at,
      ended_at = null
  returning w.token into given;
  return given;
end
$fn$;

comment on function integrity.worker_begin is
  'Makes this session the worker and returns its fencing token, or NULL while another session is the worker. The lock lasts as long as the session: use a direct connection, no pooler. On the embedded database, which has one session for all, the place is free when the worker has ended or was silent for a minute.';

create or replace function integrity._require_worker(
  token bigint
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  current_token bigint;
begin
  select w.token into current_token from integrity._worker w for share;
  if current_token is distinct from token then
    raise exception using
      errcode = '55000',
      message = pg_catalog.format('expected the token of the active worker, got %s', coalesce(token::text, 'NULL')),
      detail = pg_catalog.format('{"token": %s}', coalesce(current_token::text, 'null')),
      hint = 'Another worker has begun. This one is to stop, or to call integrity.worker_begin anew.';
  end if;
end
$fn$;

comment on function integrity._require_worker is
  'Refuses with 55000 what a worker writes after another one has begun. Holds the row until the end of the transaction, so that none begins meanwhile.';

create or replace function integrity.worker_beat(
  token bigint
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._require_worker(token);
  update integrity._worker w set seen_at = clock_timestamp();
end
$fn$;

comment on function integrity.worker_beat is
  'Says that the worker is alive. Errors: 55000 when another worker has begun.';

create or replace function integrity.worker_end(
  token bigint
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._require_worker(token);
  update integrity._worker w set seen_at = clock_timestamp(), ended_at = clock_timestamp();
  perform pg_advisory_unlock(1346719319, 1);
end
$fn$;

comment on function integrity.worker_end is
  'Ends the work of this session as the worker, so that another takes over at once. Errors: 55000 when another worker has begun.';

create or replace view integrity.worker as
select
  w.name,
  w.version,
  w.token,
  w.started_at,
  w.seen_at as last_seen,
  w.ended_at,
  exists (
    select
    from pg_catalog.pg_locks l
    where l.locktype = 'advisory'
      and l.classid = 1346719319
      and l.objid = 1
      and l.objsubid = 2
      and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
      and l.granted
  ) as is_active
from integrity._worker w;

comment on view integrity.worker is
  'The worker that is active, or was the last one. is_active: a session holds the lock of the worker now. Empty before the first worker.';

create or replace function integrity._next_sample_in()
returns float8
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select extract(epoch from min(least(
      coalesce(
        s.last_sample_at + make_interval(secs => (integrity._active_policy(s.collection) -> 'sample_interval_secs')::float8),
        clock_timestamp()
      ),
      to_timestamp((s.machine #>> '{override,until_us}')::float8 / 1000000)
    )) - clock_timestamp())
    from integrity._states s
    join penstock._collections c on c.name = s.collection
    join pg_catalog.pg_class r on r.oid = c.relation
  );
end
$fn$;

comment on function integrity._next_sample_in is
  'Seconds until the first collection is due for a sample, negative when one is overdue. NULL without collections.';

revoke all on function
  integrity.worker_begin, integrity._require_worker, integrity.worker_beat, integrity.worker_end, integrity._next_sample_in
  from public;
grant execute on function
  integrity.worker_begin, integrity.worker_beat, integrity.worker_end, integrity._next_sample_in
  to penstock_admin, penstock_worker;
revoke all on integrity.worker from public;
grant select on integrity.worker to penstock_admin, penstock_operator, penstock_worker, penstock_user;
