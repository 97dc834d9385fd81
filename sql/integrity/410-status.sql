create or replace function integrity._last_measurement(
  collection text
)
returns integrity._measurement
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  last_one integrity._measurement;
begin
  select m.evidence, m.graph, m.witness, s.lambda2 into last_one
  from integrity._samples m
  join integrity._states s using (collection)
  where m.collection = _last_measurement.collection;
  if not found then
    last_one := integrity._measure(collection);
  end if;
  return last_one;
end
$fn$;

comment on function integrity._last_measurement is
  'The last sample of a collection; before the first one, a measurement made now and not kept. Errors: 42704.';

create or replace function integrity.status(
  collection text
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  current_state integrity._states;
  policy jsonb;
begin
  perform penstock._collection(collection);
  select s.* into strict current_state from integrity._states s where s.collection = status.collection;
  policy := integrity._active_policy(collection);
  return (
    select jsonb_build_object(
      'collection', status.collection,
      'state', current_state.state,
      'measured_state', current_state.measured_state,
      'since', current_state.changed_at,
      'lambda_cut', current_state.lambda_cut,
      'lambda2', current_state.lambda2,
      'reason', m.witness -> 'words',
      'last_sample', current_state.last_sample_at,
      'sample_count', current_state.sample_count,
      'stale', current_state.last_sample_at is null
        or current_state.last_sample_at
          + make_interval(secs => 3 * (policy -> 'sample_interval_secs')::float8) < clock_timestamp(),
      'witness_edges', coalesce(m.witness -> 'witness_edges', '[]'),
      'blind', coalesce(m.witness -> 'blind', '[]'),
      'mode', current_state.mode,
      'policy', jsonb_build_object(
        'name', policy -> 'name',
        'threshold_high', policy -> 'threshold_high',
        'threshold_low', policy -> 'threshold_low'
      ),
      'override', nullif(current_state.machine -> 'override', 'null'),
      'kill_switch', current_state.killed,
      'history', integrity._key_holders(),
      'protected_since', p.protected_at,
      'not_installed', to_jsonb(coalesce(p.not_installed, '{}'))
    )
    from (values (status.collection)) as asked (collection)
    left join integrity._samples m using (collection)
    left join integrity._protections p using (collection)
  );
end
$fn$;

comment on function integrity.status is
  'State, lambda_cut, reason, witness and policy of a collection, and whether the sampler is alive (stale: no sample for three intervals). Errors: 42704.';

create or replace function integrity.explain(
  collection text
)
returns text
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  measured constant integrity._measurement := integrity._last_measurement(collection);
  explanation jsonb;
begin
  explanation := integrity._explain(jsonb_build_object(
    'collection', collection,
    'policy', integrity._active_policy(collection),
    'machine', (select nullif(s.machine, '{}') from integrity._states s where s.collection = explain.collection),
    'witness', measured.witness,
    'graph', measured.graph,
    'now_us', (extract(epoch from clock_timestamp()) * 1000000)::bigint
  ));
  return concat_ws(
    E'\n',
    explanation ->> 'summary',
    (
      select string_agg(line.value, E'\n' order by line.position)
      from jsonb_array_elements_text(explanation -> 'lines') with ordinality as line (value, position)
    )
  );
end
$fn$;

comment on function integrity.explain is
  'Why a collection is in its state, in words: which role, what evidence, since when, what cannot be seen, what comes next. Errors: 42704.';

create or replace function integrity.what_if(
  collection text,
  node text,
  health float8 default null
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  measured constant integrity._measurement := integrity._last_measurement(collection);
begin
  return integrity._what_if(
    integrity._active_policy(collection),
    measured.evidence,
    case
      when what_if.health is null then jsonb_build_object('remove', node)
      else jsonb_build_object('node', node, 'health', what_if.health)
    end
  );
end
$fn$;

comment on function integrity.what_if is
  'The state in which the collection would settle without a node, or with another health of it. node: a role, a member such as a partition, a server or a node that was added; health NULL removes it. Errors: 42704, 22023.';

create or replace function integrity.check_gate(
  collection text,
  operation text,
  batch_rows int default null,
  running int default null
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  registered constant penstock._collections := penstock._collection(collection);
  current_state integrity._states;
begin
  select s.* into strict current_state from integrity._states s where s.collection = check_gate.collection;
  return integrity._check_gate(jsonb_build_object(
    'policy', integrity._active_policy(collection),
    'operation', operation,
    'state', current_state.measured_state,
    'context', jsonb_build_object('witness_is_index', current_state.witness_is_index),
    'override', current_state.machine -> 'override',
    'kill_switch', current_state.killed,
    'exempt', integrity._is_exempt(operation),
    'lambda_cut', current_state.lambda_cut,
    'last_sample_us', (extract(epoch from current_state.last_sample_at) * 1000000)::bigint,
    'running', running,
    'batch_rows', batch_rows,
    'now_us', (extract(epoch from clock_timestamp()) * 1000000)::bigint
  ));
end
$fn$;

comment on function integrity.check_gate is
  'The slow and complete form of gate: the decision, the rule that made it, and every rule looked at, in words. Errors: 42704, 22023.';

revoke all on function
  integrity._last_measurement, integrity.status, integrity.explain, integrity.what_if, integrity.check_gate
  from public;
grant execute on function integrity.status, integrity.explain, integrity.what_if, integrity.check_gate
  to penstock_admin, penstock_operator, penstock_worker, penstock_user;
