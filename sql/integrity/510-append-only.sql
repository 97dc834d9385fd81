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

create or replace function integrity._tg_history__refuse_removal()
returns trigger
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
begin
  if exists (
    select
    from gone
    where not exists (
      select
      from integrity._history_head h
      where h.log_id = gone.log_id
        and gone.seq <= case tg_table_name when '_events' then h.pruned_through else h.samples_expired_through end
    )
  ) then
    raise exception using
      errcode = '55000',
      message = pg_catalog.format('expected no DELETE of %I.%I: it is append-only', tg_table_schema, tg_table_name),
      hint = 'integrity.prune_history and the retention of samples remove what is old, and leave an event that says so.';
  end if;
  return null;
end
$fn$;

comment on function integrity._tg_history__refuse_removal is
  'Refuses with SQLSTATE 55000 to remove what no retention event of the log has given up.';

revoke all on function integrity._tg_history__refuse_change, integrity._tg_history__refuse_removal from public;

create trigger _100_refuse_change
  before update or truncate on integrity._events
  for each statement execute function integrity._tg_history__refuse_change();

create trigger _100_refuse_change
  before update or truncate on integrity._sample_batches
  for each statement execute function integrity._tg_history__refuse_change();

create trigger _100_refuse_change
  before update or delete or truncate on integrity._tiles
  for each statement execute function integrity._tg_history__refuse_change();

create trigger _100_refuse_change
  before update or delete or truncate on integrity._checkpoints
  for each statement execute function integrity._tg_history__refuse_change();

create trigger _100_refuse_change
  before update or delete or truncate on integrity._signing_keys
  for each statement execute function integrity._tg_history__refuse_change();

create trigger _100_refuse_change
  before update or delete or truncate on integrity._key_uses
  for each statement execute function integrity._tg_history__refuse_change();

create trigger _100_refuse_change
  before update or delete or truncate on integrity._key_revocations
  for each statement execute function integrity._tg_history__refuse_change();

create trigger _200_refuse_removal
  after delete on integrity._events
  referencing old table as gone
  for each statement execute function integrity._tg_history__refuse_removal();

create trigger _200_refuse_removal
  after delete on integrity._sample_batches
  referencing old table as gone
  for each statement execute function integrity._tg_history__refuse_removal();

/* Always: not silenced by session_replication_role. Restoring a dump inserts only. */
alter table integrity._events enable always trigger _100_refuse_change;
alter table integrity._sample_batches enable always trigger _100_refuse_change;
alter table integrity._tiles enable always trigger _100_refuse_change;
alter table integrity._checkpoints enable always trigger _100_refuse_change;
alter table integrity._signing_keys enable always trigger _100_refuse_change;
alter table integrity._key_uses enable always trigger _100_refuse_change;
alter table integrity._key_revocations enable always trigger _100_refuse_change;
alter table integrity._events enable always trigger _200_refuse_removal;
alter table integrity._sample_batches enable always trigger _200_refuse_removal;
