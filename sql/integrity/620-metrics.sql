create or replace function integrity.metrics()
returns table (
  name text,
  labels jsonb,
  value float8
)
stable
parallel restricted
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
#variable_conflict use_column
begin
  return query
  select m.name, jsonb_build_object('collection', s.collection), m.value
  from integrity.states s
  left join integrity._samples l using (collection)
  cross join lateral (values
    ('penstock_state', array_position(array['normal', 'stress', 'critical'], s.state)::float8 - 1),
    ('penstock_lambda_cut', s.lambda_cut),
    ('penstock_sample_age_seconds', extract(epoch from clock_timestamp() - s.last_sample)::float8),
    ('penstock_stale', s.stale::int::float8),
    ('penstock_blind_signals', jsonb_array_length(coalesce(l.witness -> 'blind', '[]'))::float8)
  ) as m (name, value)
  where m.value is not null
  order by m.name, s.collection;

  return query
  select 'penstock_refusals_total', jsonb_build_object('collection', r.collection, 'operation', r.operation), r.total::float8
  from integrity._refusal_totals() r
  order by r.collection, r.operation;

  return query
  select m.name, jsonb '{}', m.value
  from integrity.tree_head() h
  cross join lateral (
    select max(c.size) as size, max(c.created_at) as created_at
    from integrity.checkpoints c
    where c.holder = 'external'
  ) as sealed
  cross join lateral (values
    ('penstock_history_events', h.size::float8),
    ('penstock_history_pending_signatures', (h.size - coalesce(sealed.size, 0))::float8),
    ('penstock_history_checkpoint_age_seconds', extract(epoch from clock_timestamp() - sealed.created_at)::float8)
  ) as m (name, value)
  where m.value is not null;

  return query
  select 'penstock_notifications_pending', jsonb '{}', count(*)::float8
  from integrity._outbox o
  where o.delivered_at is null;
end
$fn$;

comment on function integrity.metrics is
  'Figures for monitoring, with the names and labels under which the worker shows them to Prometheus.';

revoke all on function integrity.metrics from public;
grant execute on function integrity.metrics to penstock_admin, penstock_operator, penstock_worker;
