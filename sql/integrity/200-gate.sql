/*
 * gate, enter and the trigger function of 230 run before every operation. A SET clause would
 * cost them a quarter of their time; instead every name and operator says its schema, which
 * the linter checks, so that the search_path of the caller decides nothing.
 */
create or replace function integrity.gate(
  collection text,
  operation text
)
returns integrity.gate_result
stable
parallel restricted
security definer
language plpgsql
as $fn$
declare
  answer integrity.gate_result;
begin
  select
    r.response, r.allowed, r.risk_level, r.state, r.throttle_factor, r.throttle_pct, r.retry_after_secs, r.reason,
    r.lambda_cut, r.mode
  into answer
  from integrity._gates r
  where r.collection operator(pg_catalog.=) gate.collection
    and r.operation operator(pg_catalog.=) gate.operation
    and r.stale_at is null
    and r.published operator(pg_catalog.=) pg_catalog.pg_sequence_last_value(r.epoch_sequence);

  if found then
    return answer;
  end if;
  return integrity._gate_in_full(gate.collection, gate.operation);
end
$fn$;

comment on function integrity.gate is
  'What the gate answers to an operation on a collection now. Reads one compiled row and refuses nothing by itself; enter does. Errors: 22023 unknown operation, 42704 unknown collection, 40001 for a snapshot older than the gates.';

create or replace function integrity._gate_in_full(
  collection text,
  operation text
)
returns integrity.gate_result
stable
parallel restricted
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  g record;
  why_open text;
begin
  select * into g
  from integrity._gate_reads r
  where r.collection = _gate_in_full.collection and r.operation = _gate_in_full.operation;
  if not found then
    return integrity._without_gate(_gate_in_full.collection, _gate_in_full.operation, null, false);
  end if;

  if g.killed then
    why_open := 'the kill switch is on';
  elsif g.is_behind then
    perform integrity._raise_behind(_gate_in_full.collection, _gate_in_full.operation);
  elsif g.is_stale then
    why_open := 'nobody has sampled for three intervals and the policy says on_stale allow';
  end if;
  if why_open is null then
    return row(g.response, g.allowed, g.risk_level, g.state, g.throttle_factor, g.throttle_pct, g.retry_after_secs,
      g.reason, g.lambda_cut, g.mode)::integrity.gate_result;
  end if;
  return row('allow', true, g.risk_level, g.state, 0::float8, 0, null::int, why_open, g.lambda_cut,
    g.mode)::integrity.gate_result;
end
$fn$;

comment on function integrity._gate_in_full is
  'The answer of a gate where the fast path does not know it: kill switch, staleness, a transition under way, a missing row.';

create or replace function integrity.enter(
  collection text,
  operation text
)
returns void
volatile
parallel unsafe
security definer
language plpgsql
as $fn$
declare
  is_open pg_catalog.bool;
  problem pg_catalog.text;
begin
  begin
    select
      r.throttle_factor operator(pg_catalog.=) 0 and r.max_concurrent is null and r.stale_at is null
      and coalesce(r.published operator(pg_catalog.=) pg_catalog.pg_sequence_last_value(r.epoch_sequence), false)
    into is_open
    from integrity._gates r
    where r.collection operator(pg_catalog.=) enter.collection
      and r.operation operator(pg_catalog.=) enter.operation;
    if found then
      if not is_open then
        perform integrity._admit(enter.collection, enter.operation);
      end if;
      return;
    end if;
  exception
    when others then
      if integrity._is_answer(sqlstate) then
        raise;
      end if;
      problem := sqlerrm;
  end;
  perform integrity._without_gate(enter.collection, enter.operation, problem, false);
end
$fn$;

comment on function integrity.enter is
  'Passes the gate or raises. Errors: 53R01 throttled, 53R02 deferred, 53R03 too many at once, 55R01 rejected, 40001 for a snapshot older than the gates, 22023 unknown operation, 42704 unknown collection. In mode observe it decides and counts, and never refuses.';

revoke all on function integrity.gate, integrity._gate_in_full, integrity.enter from public;
grant execute on function integrity.gate, integrity.enter
  to penstock_admin, penstock_operator, penstock_worker, penstock_user;
