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
  into strict signed_note
  from integrity._database_seeds s
  join integrity._signing_keys k on k.id = s.key_id
  where s.key_id = head.checkpoint_key_id;
  insert into integrity._checkpoints (log_id, size, key_id, note)
  values (head.log_id, head.size, head.checkpoint_key_id, signed_note)
  on conflict do nothing;
  return signed_note;
end
$fn$;

comment on function integrity.checkpoint is
  'A signed note over the history as it is now: keep it outside this server, and integrity.verify_history(checkpoint => note) finds every later change to these events. The line key=database says that its key lies in the database.';

revoke all on function integrity.checkpoint from public;
grant execute on function integrity.checkpoint to penstock_admin, penstock_operator, penstock_worker;

create or replace view integrity.checkpoints as
select c.size, c.note, k.holder, c.created_at
from integrity._checkpoints c
join integrity._signing_keys k on k.id = c.key_id;

comment on view integrity.checkpoints is 'Checkpoints that this database issued. holder says where the signing key was kept.';

revoke all on integrity.checkpoints from public;
grant select on integrity.checkpoints to penstock_admin, penstock_operator, penstock_worker;
