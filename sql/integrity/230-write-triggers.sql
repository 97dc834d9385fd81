/*
 * Fires once per statement on every table of a protected collection. Arguments: the
 * collection, and its epoch sequence, which alone says whether writes meet any limit.
 */
create or replace function integrity._tg_gate()
returns trigger
volatile
security definer
language plpgsql
as $fn$
declare
  published constant pg_catalog.int8 := pg_catalog.pg_sequence_last_value(pg_catalog.to_regclass(tg_argv[1]));
begin
  /* Writes are open, or the kill switch is on. A sequence that is gone gives NULL. */
  if published operator(pg_catalog.&) 6 operator(pg_catalog.<>) 0 then
    return null;
  end if;
  perform integrity._gate_write(tg_argv[0], tg_op, pg_catalog.pg_trigger_depth());
  return null;
end
$fn$;

comment on function integrity._tg_gate is
  'Statement trigger of protected tables: INSERT, UPDATE and DELETE ask the gate of that name, TRUNCATE asks bulk_delete.';

create or replace function integrity._gate_write(
  collection text,
  command text,
  depth int
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  asked constant text := case command when 'TRUNCATE' then 'bulk_delete' else lower(command) end;
  own_gate record;
  problem text;
begin
  begin
    select r.collection_id, i.batch_limit into own_gate
    from integrity._gates r
    left join integrity._gates i on i.collection = r.collection and i.operation = 'insert'
    where r.collection = _gate_write.collection and r.operation = asked;
    if found then
      perform integrity._admit(collection, asked);
      /* Also for UPDATE: it comes second in an upsert, and the rows that it moves to another partition are inserted there. */
      if own_gate.batch_limit is not null and command in ('INSERT', 'UPDATE') then
        perform set_config('penstock.rows_' || own_gate.collection_id || '_' || depth, own_gate.batch_limit::text, true);
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
  perform integrity._without_gate(collection, asked, problem, true);
end
$fn$;

comment on function integrity._gate_write is
  'What a statement meets while writes are limited: the gate of its operation, and a count of rows to start. depth: pg_trigger_depth() of the trigger.';

/*
 * Counts the rows of an INSERT down from the limit that the statement trigger has set. On the
 * root of a partitioned table, from where PostgreSQL clones it to every leaf. There is no
 * cheaper place: a transition table would refuse after the work on the indexes is done.
 * Arguments: the collection, and the prefix of the setting.
 */
create or replace function integrity._tg_batch()
returns trigger
volatile
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  setting constant text := tg_argv[1] || pg_trigger_depth();
  rows_left constant text := current_setting(setting, true);
begin
  if rows_left <> '' then
    if rows_left <> '0' then
      perform set_config(setting, (rows_left::int - 1)::text, true);
    else
      begin
        perform integrity._admit_batch(tg_argv[0]);
      exception
        when others then
          if integrity._is_answer(sqlstate) then
            raise;
          end if;
          perform integrity._without_gate(tg_argv[0], 'bulk_insert', sqlerrm, true);
      end;
      perform set_config(setting, '', true);
    end if;
  end if;
  return new;
end
$fn$;

comment on function integrity._tg_batch is
  'Row trigger of protected tables while a batch limit can apply: the first row beyond the limit asks whether the rest may come.';

create or replace function integrity._admit_batch(
  collection text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  found_gate record;
begin
  select * into found_gate
  from integrity._gate_reads r
  where r.collection = _admit_batch.collection and r.operation = 'bulk_insert';
  if not found then
    perform integrity._without_gate(collection, 'bulk_insert', null, true);
    return;
  end if;
  if found_gate.max_batch_size is null or found_gate.is_behind or found_gate.killed or found_gate.is_stale then
    perform integrity._admit(collection, 'bulk_insert');
    return;
  end if;
  if integrity._is_exempt('bulk_insert') then
    return;
  end if;
  perform integrity._count_refusal(found_gate.counter);
  if found_gate.mode = 'enforce' then
    perform integrity._raise_refusal(
      '55R02', collection, 'bulk_insert', found_gate.state, found_gate.lambda_cut, null,
      format('expected at most %s rows in one statement in state %s, got more', found_gate.max_batch_size, found_gate.state),
      found_gate.max_batch_size
    );
  end if;
end
$fn$;

comment on function integrity._admit_batch is
  'Decides about an INSERT that has reached its limit of rows: 55R02 where the state sets max_insert_batch_size, else what the gate of bulk_insert says.';

revoke all on function integrity._tg_gate, integrity._gate_write, integrity._tg_batch, integrity._admit_batch from public;
