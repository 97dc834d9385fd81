create or replace view integrity.gates as
select
  g.collection,
  g.operation,
  case when s.killed then 'allow' else g.response end as response,
  s.killed or g.allowed as allowed,
  g.risk_level,
  g.state,
  g.throttle_factor,
  g.throttle_pct,
  g.retry_after_secs,
  g.reason,
  g.mode,
  g.enforced,
  g.refusal_code as sqlstate,
  g.max_concurrent,
  g.max_batch_size,
  g.epoch
from integrity._gates g
join integrity._states s using (collection);

comment on view integrity.gates is
  'What every gate answers now, one row per collection and operation. enforced: something in SQL refuses it.';

create or replace view integrity.states as
select
  s.collection,
  s.state,
  s.measured_state,
  s.changed_at as since,
  s.mode,
  s.policy_name as policy,
  s.lambda_cut,
  s.lambda2,
  s.last_sample_at as last_sample,
  s.sample_count,
  s.last_sample_at is null
  or s.last_sample_at + make_interval(secs => 3 * coalesce((p.settings -> 'sample_interval_secs')::float8, 60))
    < clock_timestamp() as stale,
  s.killed as kill_switch,
  d.protected_at as protected_since,
  m.witness ->> 'words' as reason
from integrity._states s
left join integrity.policies p on p.collection = s.collection and p.active
left join integrity._protections d on d.collection = s.collection
left join integrity._samples m on m.collection = s.collection;

comment on view integrity.states is
  'State of every collection: one row each, with lambda_cut, mode and the reason in words.';

create or replace view integrity.overrides as
select
  s.collection,
  pinned.value ->> 'state' as state,
  s.measured_state,
  pinned.value ->> 'reason' as reason,
  pinned.value ->> 'by' as set_by,
  to_timestamp((pinned.value ->> 'since_us')::float8 / 1000000) as since,
  to_timestamp((pinned.value ->> 'until_us')::float8 / 1000000) as until
from integrity._states s
cross join lateral (select nullif(s.machine -> 'override', 'null') as value) as pinned
where pinned.value is not null;

comment on view integrity.overrides is
  'States that operators have pinned, why, and until when. The sampler that comes next ends what has run out.';

/* A function, for who reads the view may not read the sequences. */
create or replace function integrity._refusal_totals()
returns table (
  collection text,
  operation text,
  total bigint
)
stable
parallel restricted
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return query
  select g.collection, g.operation, pg_sequence_last_value(g.counter)
  from integrity._gates g
  where pg_sequence_last_value(g.counter) is not null;
end
$fn$;

comment on function integrity._refusal_totals is
  'What the refusal counters show now, for the operations that were refused at least once.';

create or replace view integrity.last_refusals as
select
  t.collection,
  t.operation,
  t.total,
  coalesce(sum(m.added) filter (where m.mode = 'enforce'), 0)::bigint as refused_24h,
  coalesce(sum(m.added) filter (where m.mode <> 'enforce'), 0)::bigint as would_have_refused_24h,
  max(m.marked_at) as last_seen
from integrity._refusal_totals() t
left join integrity._refusal_marks m
  on m.collection = t.collection
  and m.operation = t.operation
  and m.marked_at > clock_timestamp() - interval '24 hours'
group by t.collection, t.operation, t.total;

comment on view integrity.last_refusals is
  'Refusals by operation: total as of now, and by samples of the last 24 hours, what enforce refused and what it would have refused in observe.';

revoke all on function integrity._refusal_totals from public;
grant execute on function integrity._refusal_totals
  to penstock_admin, penstock_operator, penstock_worker, penstock_user;
revoke all on integrity.gates, integrity.states, integrity.overrides, integrity.last_refusals from public;
grant select on integrity.gates, integrity.states, integrity.overrides, integrity.last_refusals
  to penstock_admin, penstock_operator, penstock_worker, penstock_user;
