/* What is written stays: refused by trigger even where privileges would allow a change. */

create or replace function integrity._tg_history__refuse_change()
returns trigger
volatile
set search_path = ''
language plpgsql
as $fn$
begin
  raise exception using
    errcode = '55000',
    message = pg_catalog.format('expected no %s of %I.%I: it is append-only', tg_op, tg_table_schema, tg_table_name),
    hint = case tg_table_name
      when '_signing_keys' then 'Rotate a key instead of changing it: old events keep their key.'
      else 'To correct the record, append an event that says so; integrity.verify_history() shows what was changed otherwise.'
    end;
end
$fn$;

comment on function integrity._tg_history__refuse_change is
  'Refuses UPDATE, DELETE and TRUNCATE of the signed log with SQLSTATE 55000.';

revoke all on function integrity._tg_history__refuse_change from public;

create trigger _100_refuse_change
  before update or delete or truncate on integrity._events
  for each statement execute function integrity._tg_history__refuse_change();

create trigger _100_refuse_change
  before update or delete or truncate on integrity._checkpoints
  for each statement execute function integrity._tg_history__refuse_change();

create trigger _100_refuse_change
  before update or delete or truncate on integrity._signing_keys
  for each statement execute function integrity._tg_history__refuse_change();

/* Always: not silenced by session_replication_role. Restoring a dump inserts only. */
alter table integrity._events enable always trigger _100_refuse_change;
alter table integrity._checkpoints enable always trigger _100_refuse_change;
alter table integrity._signing_keys enable always trigger _100_refuse_change;
