create or replace function integrity.checkpoint()
returns text
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head integrity._history_head;
  signed_note text;
begin
  select h.* into head from integrity._history_head h;
  if not found then
    perform integrity._begin_history();
    select h.* into strict head from integrity._history_head h;
  end if;
  select c.note into signed_note
  from integrity._checkpoints c
  where c.log_id = head.log_id and c.size = head.size and c.key_id = head.checkpoint_key_id;
  if found then
    return signed_note;
  end if;

  select integrity._checkpoint_note(head.log_id, head.size, integrity._merkle_root(head.peaks), k.holder, s.seed)
  into signed_note
  from integrity._database_seeds s
  join integrity._signing_keys k on k.id = s.key_id
  where s.key_id = head.checkpoint_key_id;
  if signed_note is null then
    raise exception using
      errcode = '55000',
      message = 'expected a key for checkpoints that the database holds, but the one in use is kept elsewhere or was revoked',
      hint = 'The worker makes the checkpoints: SELECT note FROM integrity.checkpoints ORDER BY size DESC LIMIT 1.';
  end if;
  insert into integrity._checkpoints (log_id, size, key_id, note)
  values (head.log_id, head.size, head.checkpoint_key_id, signed_note)
  on conflict do nothing;
  return signed_note;
end
$fn$;

comment on function integrity.checkpoint is
  'A signed note over the history as it is now: keep it outside this server, and integrity.verify_history(checkpoint => note) finds every later change to these events. The line key=database says that its key lies in the database. Errors: 55000 when the worker signs the checkpoints, or when the key was revoked.';

create or replace function integrity._store_checkpoint(
  note text
)
returns void
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head integrity._history_head;
  opened jsonb;
begin
  select h.* into head from integrity._history_head h;
  opened := integrity._open_checkpoint(note, head.log_id, integrity._verification_keys());
  if opened ->> 'key_id' is distinct from head.checkpoint_key_id then
    raise exception using
      errcode = '28000',
      message = 'expected a checkpoint signed by the key in use',
      detail = pg_catalog.format('in use: %s, signed by: %s', head.checkpoint_key_id, opened ->> 'key_id');
  end if;
  perform integrity._require_root((opened ->> 'size')::bigint, opened ->> 'root');
  insert into integrity._checkpoints (log_id, size, key_id, note)
  values (head.log_id, (opened ->> 'size')::bigint, opened ->> 'key_id', note)
  on conflict do nothing;
end
$fn$;

comment on function integrity._store_checkpoint is
  'Stores a checkpoint that was signed outside of the database. Errors: 22023 for a malformed note, one of another log or of more events than are here, 28000 when the key in use did not sign it, 55R04 when it is over other events.';

revoke all on function integrity.checkpoint, integrity._store_checkpoint from public;
grant execute on function integrity.checkpoint to penstock_admin, penstock_operator, penstock_worker;

create or replace view integrity.checkpoints as
select c.size, c.note, c.key_id, k.holder, c.created_at
from integrity._checkpoints c
join integrity._signing_keys k on k.id = c.key_id;

comment on view integrity.checkpoints is 'Checkpoints of this history. holder says where the signing key was kept.';

revoke all on integrity.checkpoints from public;
grant select on integrity.checkpoints to penstock_admin, penstock_operator, penstock_worker;
