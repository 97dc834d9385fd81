create or replace function integrity._apply_step(
  collection text,
  step jsonb
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  before constant integrity._states := integrity._locked_state(collection);
  policy constant jsonb := integrity._active_policy(collection);
  moved constant jsonb := nullif(step -> 'transition', 'null');
  measured_moved constant jsonb := nullif(step -> 'measured_transition', 'null');
  actions constant jsonb := policy -> ((step ->> 'state') || '_actions');
  told jsonb;
begin
  update integrity._states s
  set machine = step -> 'machine',
      state = step ->> 'state',
      measured_state = step ->> 'measured_state',
      changed_at = case when moved is null then s.changed_at else clock_timestamp() end
  where s.collection = _apply_step.collection;
  perform integrity._half_open(
    collection,
    case when (step -> 'half_open')::boolean then (policy #> '{hysteresis,probe_budget}')::int else 0 end
  );
  if moved is null and measured_moved is null then
    return;
  end if;

  told := jsonb_build_object(
    'collection', collection,
    'previous_state', coalesce(moved, measured_moved) -> 'from',
    'new_state', coalesce(moved, measured_moved) -> 'to',
    'direction', coalesce(moved, measured_moved) -> 'direction',
    'kind', coalesce(moved, measured_moved) -> 'kind',
    'lambda_cut', before.lambda_cut
  );
  perform integrity._append_event(
    case when moved is null then 'measured_change' else 'state_change' end,
    collection,
    (told - 'collection') || jsonb_build_object(
      'policy', before.policy_name,
      'mode', before.mode,
      'words', left(coalesce(moved, measured_moved) ->> 'words', 10000),
      'witness_words', (
        select left(m.witness ->> 'words', 10000) from integrity._samples m where m.collection = _apply_step.collection
      ),
      'witness_edges_total', (
        select jsonb_array_length(m.witness -> 'witness_edges')
        from integrity._samples m
        where m.collection = _apply_step.collection
      ),
      /* An event has room for so many; a wide cut must not keep a transition from happening. */
      'witness_edges', (
        select coalesce(jsonb_agg(jsonb_build_object(
          'source_type', edge -> 'source_type', 'source_id', edge -> 'source_id', 'source_name', edge -> 'source_name',
          'target_type', edge -> 'target_type', 'target_id', edge -> 'target_id', 'target_name', edge -> 'target_name',
          'edge_type', edge -> 'edge_type', 'capacity', edge -> 'capacity', 'current_flow', edge -> 'flow'
        )), '[]')
        from integrity._samples m
        cross join lateral jsonb_array_elements(m.witness -> 'witness_edges') with ordinality as listed (edge, position)
        where m.collection = _apply_step.collection and listed.position <= 200
      )
    )
  );
  if moved is not null then
    perform integrity._compile(collection);
    perform integrity._notify(
      collection,
      policy #>> '{notifications,channel}',
      told || jsonb_build_object(
        'event', 'state_change',
        'emergency_compact', actions -> 'emergency_compact',
        'pause_gnn_training', actions -> 'pause_gnn_training',
        'pause_tier_management', actions -> 'pause_tier_management',
        'custom_actions', case when length((actions -> 'custom_actions')::text) < 4000 then actions -> 'custom_actions' end
      )
    );
  end if;
end
$fn$;

comment on function integrity._apply_step is
  'Writes what the state machine said: state, and at a transition the event, the gates and the notification, all in this transaction.';

create or replace function integrity._half_open(
  collection text,
  budget int
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  if budget > 0 then
    perform setval(
      (select format('integrity._probes_%s', s.collection_id) from integrity._states s where s.collection = _half_open.collection)::regclass,
      1, false
    );
  end if;
  update integrity._gates g
  set probe_budget = budget
  where g.collection = _half_open.collection and g.probe_budget <> budget;
end
$fn$;

comment on function integrity._half_open is
  'Gives the gates of a collection a new budget of probes; 0 closes them.';

create or replace function integrity._mark_refusals(
  collection text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  insert into integrity._refusal_marks (collection, operation, marked_at, mode, total, added)
  select g.collection, g.operation, clock_timestamp(), g.mode, counted.total, counted.total - coalesce(last_mark.total, 0)
  from integrity._gates g
  cross join lateral (select coalesce(pg_sequence_last_value(g.counter), 0) as total) as counted
  left join lateral (
    select m.total
    from integrity._refusal_marks m
    where m.collection = g.collection and m.operation = g.operation
    order by m.marked_at desc
    limit 1
  ) as last_mark on true
  where g.collection = _mark_refusals.collection and counted.total > coalesce(last_mark.total, 0);

  delete from integrity._refusal_marks old
  where old.collection = _mark_refusals.collection
    and old.marked_at < clock_timestamp() - interval '25 hours'
    and exists (
      select
      from integrity._refusal_marks newer
      where newer.collection = old.collection and newer.operation = old.operation and newer.marked_at > old.marked_at
    );
end
$fn$;

comment on function integrity._mark_refusals is
  'Notes how far the refusal counters have come since the last sample, and in which mode.';

revoke all on function integrity._apply_step, integrity._half_open, integrity._mark_refusals from public;
