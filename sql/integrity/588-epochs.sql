create or replace function integrity.declare_epoch(
  kind text,
  lost_to bigint,
  reason text,
  lost_from bigint default null
)
returns int
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head constant integrity._history_head := integrity._locked_head();
  first_lost constant bigint := coalesce(lost_from, head.size + 1);
  server record;
begin
  if kind is null or kind not in ('restore', 'promotion') then
    raise exception using
      errcode = '22023', message = pg_catalog.format('expected kind to be restore or promotion, got %s', coalesce(kind, 'NULL'));
  end if;
  if first_lost not between 1 and head.size + 1 or lost_to is null or lost_to < first_lost - 1 then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format(
        'expected the lost events to begin at 1 to %s and to end there or later (one before: none), got %s to %s',
        head.size + 1, first_lost, coalesce(lost_to::text, 'NULL')),
      hint = 'lost_to is the size of the newest checkpoint that was kept outside of this server.';
  end if;
  if coalesce(btrim(reason), '') = '' then
    raise exception using errcode = '22023', message = 'expected a reason, got none';
  end if;
  select i.* into strict server from integrity._server_identity() i;
  update integrity._history_head h
  set epoch = head.epoch + 1, system_identifier = server.system_identifier, timeline = server.timeline;
  perform integrity._append_event('epoch', null, jsonb_build_object(
    'words', case
      when lost_to < first_lost then pg_catalog.format('A %s, without loss: %s', kind, reason)
      else pg_catalog.format('A %s to event %s; events %s to %s of before are lost: %s', kind, first_lost - 1, first_lost, lost_to, reason)
    end,
    'kind', kind,
    'previous_epoch', head.epoch,
    'restored_to', first_lost - 1,
    'lost_from', first_lost,
    'lost_to', lost_to,
    'reason', reason,
    'system_identifier', server.system_identifier,
    'timeline', server.timeline
  ));
  return head.epoch + 1;
end
$fn$;

comment on function integrity.declare_epoch is
  'Says that this database is a restored backup or a promoted standby, and which events of before are lost; returns the number of the new epoch. kind is restore or promotion. lost_to is the last event known to have existed, by a checkpoint kept elsewhere; lost_from defaults to the one after the last that is here. Verification with a checkpoint from the lost part says "restored" then, not "tampered". Errors: 22023.';

create or replace view integrity.epochs as
select
  (d.event ->> 'epoch')::int as epoch,
  e.seq,
  d.event -> 'body' ->> 'kind' as kind,
  (d.event -> 'body' ->> 'restored_to')::bigint as restored_to,
  (d.event -> 'body' ->> 'lost_from')::bigint as lost_from,
  (d.event -> 'body' ->> 'lost_to')::bigint as lost_to,
  d.event -> 'body' ->> 'reason' as reason,
  timestamptz 'epoch' + (d.event ->> 'at')::bigint * interval '1 microsecond' as created_at,
  d.event ->> 'by' as created_by
from integrity._events e
cross join lateral integrity._decode_event(e.bytes) as d (event)
/* As the index is partial, so that this view finds its few rows among millions. */
where e.type in ('genesis', 'key_registered', 'key_rotated', 'key_revoked', 'epoch', 'retention')
  and e.type = 'epoch';

comment on view integrity.epochs is
  'Restores and promotions that operators have declared, with the events that each has lost.';

revoke all on function integrity.declare_epoch from public;
revoke all on integrity.epochs from public;
grant execute on function integrity.declare_epoch to penstock_admin, penstock_operator;
grant select on integrity.epochs to penstock_admin, penstock_operator, penstock_worker;
