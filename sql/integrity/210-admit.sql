create or replace function integrity._draw(
  collection_id int,
  is_read boolean
)
returns float8
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  top_transaction xid8;
begin
  /*
   * A hash instead of random(): every gate that one top-level statement meets must see the
   * same draw, also after a savepoint was rolled back, and no session state survives that.
   * The transaction id tells statements apart where the clock is coarse. A write gets one
   * anyway; a read is not made to take one.
   */
  if is_read or current_setting('transaction_read_only') = 'on' then
    top_transaction := pg_current_xact_id_if_assigned();
  else
    top_transaction := pg_current_xact_id();
  end if;
  return (
    hashtextextended(
      concat_ws(' ', extract(epoch from statement_timestamp()), top_transaction, pg_backend_pid(), collection_id),
      0
    ) & 9007199254740991
  ) / 9007199254740992::float8;
end
$fn$;

comment on function integrity._draw is
  'A number in [0, 1), the same for every gate that one top-level statement meets on one collection.';

create or replace function integrity._take_slot(
  collection_id int,
  slots int
)
returns boolean
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  setting constant text := 'penstock.slot_' || collection_id;
  usable constant int := least(slots, 1024);
  first_slot constant int := pg_backend_pid() % greatest(usable, 1);
  slot int;
begin
  /* Set with the lock and undone with it: both end with the transaction or its savepoint. */
  if coalesce(current_setting(setting, true), '') <> '' then
    return true;
  end if;
  for i in 0 .. usable - 1 loop
    slot := (first_slot + i) % usable;
    if pg_try_advisory_xact_lock(1346720339, collection_id * 1024 + slot) then
      perform set_config(setting, slot::text, true);
      return true;
    end if;
  end loop;
  return false;
end
$fn$;

comment on function integrity._take_slot is
  'Takes one of the slots that limit concurrent transactions; false when all are taken. Advisory transaction locks of class 1346720339 ("PERS"), object collection id * 1024 + slot, so at most 1024 slots.';

create or replace function integrity._is_exempt(
  operation text
)
returns boolean
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  role_in_force constant text := coalesce(nullif(current_setting('role'), 'none'), session_user);
begin
  return exists (
    select
    from integrity.exemptions e
    where e.role_name = role_in_force
      and (e.operations is null or _is_exempt.operation = any (e.operations))
  );
end
$fn$;

comment on function integrity._is_exempt is
  'Whether integrity.exemptions frees the role in force from the gate of an operation.';

create or replace function integrity._count_refusal(
  counter regclass
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  if current_setting('transaction_read_only') = 'off' then
    perform nextval(counter);
  end if;
end
$fn$;

comment on function integrity._count_refusal is
  'Counts a refusal, or what would have been one. Nothing is counted on a standby or in a read-only transaction.';

create or replace function integrity._take_probe(
  collection_id int,
  budget int
)
returns boolean
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  /* A sequence, so that many sessions share one budget and a rollback does not give a probe back. */
  return current_setting('transaction_read_only') = 'off'
    and nextval(format('integrity._probes_%s', collection_id)::regclass) <= budget;
end
$fn$;

comment on function integrity._take_probe is
  'Takes one of the operations that a half-open gate lets through until the next sample; false when the budget is used up.';

create or replace function integrity._admit(
  collection text,
  operation text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  found_gate record;
  code text;
begin
  select * into strict found_gate
  from integrity._gate_reads r
  where r.collection = _admit.collection and r.operation = _admit.operation;

  if found_gate.is_behind then
    perform integrity._raise_behind(_admit.collection, _admit.operation);
  end if;
  if found_gate.killed or found_gate.is_stale then
    return;
  end if;

  if found_gate.throttle_factor > 0
    and integrity._draw(found_gate.collection_id, _admit.operation in ('search', 'read')) < found_gate.throttle_factor
  then
    code := found_gate.refusal_code;
  elsif found_gate.max_concurrent is not null
    and not integrity._take_slot(found_gate.collection_id, found_gate.max_concurrent)
  then
    code := '53R03';
  end if;
  if code is null or integrity._is_exempt(_admit.operation) then
    return;
  end if;
  if code <> '53R03' and found_gate.probe_budget > 0
    and integrity._take_probe(found_gate.collection_id, found_gate.probe_budget)
  then
    return;
  end if;

  perform integrity._count_refusal(found_gate.counter);
  if found_gate.mode = 'enforce' then
    perform integrity._raise_refusal(
      code, found_gate.collection, found_gate.operation, found_gate.state, found_gate.lambda_cut,
      found_gate.retry_after_secs,
      case
        when code = '53R03' then format('%s transactions at a time may do it', found_gate.max_concurrent)
        else found_gate.reason
      end
    );
  end if;
end
$fn$;

comment on function integrity._admit is
  'Everything beyond a gate that stands open: draw, concurrency, exemption, probes of a recovery, count, refusal.';

revoke all on function
  integrity._draw, integrity._take_slot, integrity._take_probe, integrity._is_exempt, integrity._count_refusal, integrity._admit
  from public;
