create or replace function integrity._raise_refusal(
  code text,
  collection text,
  operation text,
  state text,
  lambda_cut float8,
  retry_after_secs int,
  reason text,
  batch_limit int default null
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  verb constant text := case code
    when '53R01' then 'throttled'
    when '53R02' then 'deferred'
    when '53R03' then 'refused for now'
    when '55R02' then 'too large'
    else 'rejected'
  end;
  retry constant text := format(
    'Roll back and retry the whole transaction after %s s',
    greatest(coalesce(retry_after_secs, 1), 1)
  );
begin
  raise exception using
    errcode = code,
    message = format('%s on collection %L is %s: %s', operation, collection, verb, coalesce(reason, 'state ' || state)),
    detail = jsonb_build_object(
      'collection', collection,
      'operation', operation,
      'state', state,
      'lambda', lambda_cut,
      'retry_after', retry_after_secs
    )::text,
    hint = case code
      when '53R01' then retry || ', with a growing and random delay.'
      when '53R02' then retry || format('; what is wrong: select integrity.explain(%L).', collection)
      when '53R03' then retry || '; fewer transactions at a time get through.'
      when '55R02' then format(
        'Send at most %s rows in one statement. What is wrong: select integrity.explain(%L).', batch_limit, collection
      )
      else format(
        'Waiting alone does not help. What is wrong: select integrity.explain(%L). An operator may use integrity.override.',
        collection
      )
    end;
end
$fn$;

comment on function integrity._raise_refusal is
  'Raises the refusal of a gate: message with the reason, DETAIL as JSON for programs, HINT with the next step.';

create or replace function integrity._raise_behind(
  collection text,
  operation text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  raise exception using
    errcode = '40001',
    message = format('the gates of collection %L have changed since this transaction began', collection),
    detail = jsonb_build_object('collection', collection, 'operation', operation)::text,
    hint = 'Retry the transaction.';
end
$fn$;

comment on function integrity._raise_behind is
  'Raises 40001: the snapshot of the caller shows gates older than those in force.';

create or replace function integrity._without_gate(
  collection text,
  operation text,
  problem text,
  in_trigger boolean
)
returns integrity.gate_result
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  risk text;
  words constant text := coalesce(problem, 'there is no compiled gate');
begin
  select o.risk_level into risk
  from integrity.operations o
  where o.operation = _without_gate.operation;
  if not found then
    raise exception using
      errcode = '22023',
      message = format('operation: expected a known operation, got %s', coalesce(quote_literal(left(operation, 100)), 'NULL')),
      detail = jsonb_build_object('collection', collection, 'operation', operation)::text,
      hint = (select format('Known operations: %s.', string_agg(o.operation, ', ')) from integrity.operations o);
  end if;
  if not in_trigger then
    perform penstock._collection(collection);
  end if;

  if current_setting('transaction_read_only') = 'off' then
    perform nextval('integrity._gate_failures');
  end if;
  if exists (
    select
    from integrity.policies p
    where p.collection = _without_gate.collection
      and p.active
      and p.mode = 'enforce'
      and p.settings ->> 'on_error' = 'refuse'
  ) and not integrity._is_exempt(operation) then
    perform integrity._raise_refusal(
      '55R01', collection, operation, 'unknown', null, null,
      format('the gate cannot decide (%s) and the policy says on_error refuse', words)
    );
  end if;
  raise warning using
    message = format('%s on collection %L was allowed without a gate: %s', operation, collection, words),
    hint = format('Compile the gates again: select integrity.sample(%L).', collection);
  return row('allow', true, risk, null, 0::float8, 0, null::int,
    'allowed without a gate: ' || words, null, null)::integrity.gate_result;
end
$fn$;

comment on function integrity._without_gate is
  'What happens when a gate cannot decide: allow, count and warn, or refuse with 55R01 where the policy says on_error refuse. Errors: 22023 unknown operation, 42704 unknown collection (not in a trigger).';

create or replace function integrity._is_answer(
  code text
)
returns boolean
immutable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  /* Class 53 and 55R are refusals; 40 and 57 (retry, cancel, shutdown) are not for us to swallow. */
  return left(code, 2) in ('40', '53', '57') or left(code, 3) = '55R';
end
$fn$;

comment on function integrity._is_answer is
  'Whether an error must reach the caller: a refusal, a serialization failure, a cancel. Anything else is a failure of the gate itself.';

revoke all on function integrity._is_answer, integrity._raise_refusal, integrity._raise_behind, integrity._without_gate from public;
