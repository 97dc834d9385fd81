create or replace function integrity._active_policy(
  collection text
)
returns jsonb
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return coalesce(
    (select p.settings from integrity.policies p where p.collection = _active_policy.collection and p.active),
    integrity.validate_policy('{}')
  );
end
$fn$;

comment on function integrity._active_policy is
  'Settings of the enabled policy with the highest priority; the defaults when none is enabled.';

create or replace function integrity._locked_state(
  collection text
)
returns integrity._states
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  locked integrity._states;
begin
  select s.* into locked
  from integrity._states s
  where s.collection = _locked_state.collection
  for update;
  if not found then
    perform penstock._collection(collection);
    raise exception using
      errcode = '55000',
      message = format('collection %L has no integrity state', collection),
      hint = 'It was registered while the triggers on penstock._collections were off. Run: select integrity._enrol(name) from penstock._collections.';
  end if;
  return locked;
end
$fn$;

comment on function integrity._locked_state is
  'The state row of a collection, locked: samplers, policy changes and overrides take turns. Errors: 42704, 55000.';

create or replace function integrity._compile(
  collection text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  current_state constant integrity._states := integrity._locked_state(collection);
  policy constant jsonb := integrity._active_policy(collection);
  seen constant bigint := coalesce(pg_sequence_last_value(current_state.epoch_sequence), 0);
  /* A transaction that published its epoch and then failed to commit leaves the sequence ahead. */
  new_epoch constant bigint := 1 + greatest(current_state.epoch, seen >> 3);
  new_published bigint;
  compiled record;
  counter_name text;
begin
  /* From now until the commit, writes look at the rows instead of trusting the sequence alone. */
  if seen & 4 <> 0 then
    perform setval(current_state.epoch_sequence, seen - 4);
  end if;
  for compiled in
    select
      d.*,
      case
        when d.operation = 'insert' then coalesce(
          d.max_batch_size,
          case when bool_or(d.operation = 'bulk_insert' and d.response <> 'allow') over () then 1 end
        )
      end as batch_limit
    from integrity.compile_gates(
      policy, current_state.state, jsonb_build_object('witness_is_index', current_state.witness_is_index)
    ) as d
  loop
    counter_name := format('_refused_%s_%s', current_state.collection_id, compiled.operation);
    if to_regclass(format('integrity.%I', counter_name)) is null then
      execute format('create sequence integrity.%I as bigint', counter_name);
      execute format(
        'comment on sequence integrity.%I is %L', counter_name,
        format('Refusals, or would-be refusals, of %s on collection %s.', compiled.operation, collection)
      );
    end if;
    insert into integrity._gates as g (
      collection, operation, collection_id, response, allowed, risk_level, state, throttle_factor, throttle_pct,
      retry_after_secs, reason, lambda_cut, mode, enforced, refusal_code, max_concurrent, max_batch_size, batch_limit,
      stale_after_secs, stale_at, refuse_on_error, epoch, published, epoch_sequence, counter
    )
    values (
      _compile.collection, compiled.operation, current_state.collection_id, compiled.response, compiled.allowed,
      compiled.risk_level, compiled.state, compiled.throttle_factor, compiled.throttle_pct, compiled.retry_after_secs,
      compiled.reason, current_state.lambda_cut, compiled.mode, compiled.enforced, compiled.sqlstate,
      compiled.max_concurrent, compiled.max_batch_size, compiled.batch_limit,
      compiled.stale_after_secs, current_state.last_sample_at + make_interval(secs => compiled.stale_after_secs),
      compiled.refuse_on_error,
      new_epoch, 0, current_state.epoch_sequence, format('integrity.%I', counter_name)::regclass
    )
    on conflict on constraint _gates_pkey do update
    set response = excluded.response,
        allowed = excluded.allowed,
        risk_level = excluded.risk_level,
        state = excluded.state,
        throttle_factor = excluded.throttle_factor,
        throttle_pct = excluded.throttle_pct,
        retry_after_secs = excluded.retry_after_secs,
        reason = excluded.reason,
        lambda_cut = excluded.lambda_cut,
        mode = excluded.mode,
        enforced = excluded.enforced,
        refusal_code = excluded.refusal_code,
        max_concurrent = excluded.max_concurrent,
        max_batch_size = excluded.max_batch_size,
        batch_limit = excluded.batch_limit,
        stale_after_secs = excluded.stale_after_secs,
        stale_at = excluded.stale_at,
        refuse_on_error = excluded.refuse_on_error,
        epoch = excluded.epoch;
  end loop;

  select new_epoch * 8
    + case
        when bool_and(g.throttle_factor = 0 and g.max_concurrent is null and g.batch_limit is null)
          filter (where g.operation in ('insert', 'update', 'delete', 'bulk_delete'))
        then 4 else 0
      end
    + case when policy ->> 'mode' = 'enforce' then 1 else 0 end
  into strict new_published
  from integrity._gates g
  where g.collection = _compile.collection;
  update integrity._gates g set published = new_published where g.collection = _compile.collection;
  update integrity._states s
  set epoch = new_epoch,
      published = new_published + case when s.killed then 2 else 0 end,
      mode = policy ->> 'mode',
      policy_name = policy ->> 'name'
  where s.collection = _compile.collection;
end
$fn$;

comment on function integrity._compile is
  'Compiles the active policy in the effective state into the rows that gates read, and starts a new epoch.';

revoke all on function integrity._active_policy, integrity._locked_state, integrity._compile from public;
