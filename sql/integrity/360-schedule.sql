create or replace function integrity._sample_if_due(
  collection text
)
returns boolean
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  interval_secs constant float8 := (integrity._active_policy(collection) -> 'sample_interval_secs')::float8;
  locked record;
begin
  /* The lock alone makes this transaction one that would wait. */
  perform integrity._do_not_wait_for_standbys();
  select s.last_sample_at, (s.machine #>> '{override,until_us}')::bigint as override_until_us into locked
  from integrity._states s
  where s.collection = _sample_if_due.collection
  for update skip locked;
  if not found
    or (
      locked.last_sample_at + make_interval(secs => interval_secs) > clock_timestamp()
      /* After the clock was set back the last sample lies ahead, and tells nothing. */
      and locked.last_sample_at <= clock_timestamp()
      and coalesce(to_timestamp(locked.override_until_us / 1000000.0) > clock_timestamp(), true)
    )
  then
    return false;
  end if;
  perform integrity.sample(collection);
  return true;
end
$fn$;

comment on function integrity._sample_if_due is
  'Samples a collection whose interval has passed or whose override has ended, unless another sampler is at it.';

create or replace function integrity.sample_all()
returns table (
  collection text,
  state text,
  lambda_cut float8,
  words text
)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  taken jsonb;
begin
  for collection in
    select c.name
    from penstock._collections c
    join pg_catalog.pg_class r on r.oid = c.relation
    order by c.name
  loop
    taken := integrity.sample(collection);
    state := taken ->> 'state';
    lambda_cut := (taken ->> 'lambda_cut')::float8;
    words := taken ->> 'words';
    return next;
  end loop;
end
$fn$;

comment on function integrity.sample_all is
  'Samples every collection now, in one transaction. Use tick for a schedule: it commits after each.';

/* A procedure that commits can have neither SECURITY DEFINER nor a SET clause: every name is qualified. */
create or replace procedure integrity.tick()
language plpgsql
as $fn$
declare
  due text;
begin
  perform integrity._cancel_overdue_probes();
  commit;
  for due in
    select c.name
    from penstock.collections c
    where not c.table_is_gone
    order by c.name
  loop
    begin
      perform integrity._sample_if_due(due);
    exception
      when others then
        raise warning using message = pg_catalog.format('collection %L could not be sampled: %s', due, sqlerrm), errcode = sqlstate;
    end;
    commit;
  end loop;
  perform integrity._sequence_due_samples();
end
$fn$;

comment on procedure integrity.tick is
  'Samples every collection that is due and commits after each, ends probes of other servers that wait for too long, and every few minutes puts the samples into the history. For pg_cron or the worker; two at a time do no harm.';

revoke all on function integrity._sample_if_due, integrity.sample_all from public;
revoke all on procedure integrity.tick from public;
grant execute on function integrity._sample_if_due, integrity.sample_all
  to penstock_admin, penstock_operator, penstock_worker;
grant execute on procedure integrity.tick to penstock_admin, penstock_operator, penstock_worker;
