create or replace function integrity.gate(
  collection text,
  operation text
)
returns integrity.gate_result
stable
parallel restricted
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  found_gate record;
begin
  select * into found_gate
  from integrity._gate_reads r
  where r.collection = gate.collection and r.operation = gate.operation;

  if not found then
    return integrity._without_gate(gate.collection, gate.operation, null, false);
  end if;
  if found_gate.is_behind then
    perform integrity._raise_behind(gate.collection, gate.operation);
  end if;
  if found_gate.killed then
    return row('allow', true, found_gate.risk_level, found_gate.state, 0::float8, 0, null::int,
      'the kill switch is on', found_gate.lambda_cut, 'off')::integrity.gate_result;
  end if;
  if found_gate.is_stale then
    return row('allow', true, found_gate.risk_level, found_gate.state, 0::float8, 0, null::int,
      'nobody has sampled for three intervals and the policy says on_stale allow', found_gate.lambda_cut,
      found_gate.mode)::integrity.gate_result;
  end if;
  return row(found_gate.response, found_gate.allowed, found_gate.risk_level, found_gate.state,
    found_gate.throttle_factor, found_gate.throttle_pct, found_gate.retry_after_secs, found_gate.reason,
    found_gate.lambda_cut, found_gate.mode)::integrity.gate_result;
end
$fn$;

comment on function integrity.gate is
  'What the gate answers to an operation on a collection now. Reads one compiled row and refuses nothing by itself; enter does. Errors: 22023 unknown operation, 42704 unknown collection, 40001 for a snapshot older than the gates.';

create or replace function integrity.enter(
  collection text,
  operation text
)
returns integrity.gate_result
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  found_gate record;
begin
  begin
    select * into found_gate
    from integrity._gate_reads r
    where r.collection = enter.collection and r.operation = enter.operation;
  exception
    when others then
      if left(sqlstate, 2) in ('40', '53', '57') then
        raise;
      end if;
      return integrity._without_gate(enter.collection, enter.operation, sqlerrm, false);
  end;
  if found_gate.is_open then
    return row(found_gate.response, found_gate.allowed, found_gate.risk_level, found_gate.state,
      found_gate.throttle_factor, found_gate.throttle_pct, found_gate.retry_after_secs, found_gate.reason,
      found_gate.lambda_cut, found_gate.mode)::integrity.gate_result;
  end if;
  if found_gate.collection is null then
    return integrity._without_gate(enter.collection, enter.operation, null, false);
  end if;
  perform integrity._admit(enter.collection, enter.operation);
  return integrity.gate(enter.collection, enter.operation);
end
$fn$;

comment on function integrity.enter is
  'Passes the gate or raises. Errors: 53R01 throttled, 53R02 deferred, 53R03 too many at once, 55R01 rejected, 40001 for a snapshot older than the gates, 22023 unknown operation, 42704 unknown collection. In mode observe it decides and counts, and never refuses.';

revoke all on function integrity.gate, integrity.enter from public;
grant execute on function integrity.gate, integrity.enter
  to penstock_admin, penstock_operator, penstock_worker, penstock_user;
