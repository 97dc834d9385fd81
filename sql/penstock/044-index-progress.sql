create or replace function penstock.record_index(
  collection text,
  index_kind text,
  options jsonb
)
returns void
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
begin
  update penstock._collections c
  set index_kind = record_index.index_kind, options = record_index.options
  where c.id = (penstock._collection(record_index.collection)).id;
end
$fn$;

comment on function penstock.record_index is
  'Notes in the registry which vector index a collection has. The last step of penstock.index_plan.';

create or replace function penstock.index_progress(
  pid int
)
returns table (phase text, done bigint, total bigint)
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return query
  select
    p.phase,
    case when p.blocks_total > 0 then p.blocks_done when p.lockers_total > 0 then p.lockers_done else p.tuples_done end,
    case when p.blocks_total > 0 then p.blocks_total when p.lockers_total > 0 then p.lockers_total else p.tuples_total end
  from pg_catalog.pg_stat_progress_create_index p
  where p.pid = index_progress.pid;
end
$fn$;

comment on function penstock.index_progress is
  'How far a session has come with the index that it is building: phase, and done of total in blocks, sessions waited for, or rows.';

create or replace function penstock.lock_index(
  collection text
)
returns boolean
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
begin
  return pg_catalog.pg_try_advisory_lock(1346720340, (penstock._collection(collection)).id);
end
$fn$;

comment on function penstock.lock_index is
  'Keeps other `penstock index` commands from the collection for as long as this session lasts; false when one is at it. Advisory session lock of class 1346720340, object collection id.';

revoke all on function penstock.lock_index, penstock.record_index, penstock.index_progress from public;
grant execute on function penstock.lock_index, penstock.record_index, penstock.index_progress to penstock_user;
