create or replace function integrity.tree_head()
returns table (
  log_id text,
  epoch int,
  size bigint,
  leaf bytea,
  root bytea,
  event_key_id text,
  event_key_holder text,
  checkpoint_key_id text,
  checkpoint_key_holder text,
  recovery_key_id text,
  system_identifier text,
  timeline int,
  recorded_system_identifier text,
  recorded_timeline int
)
stable
security definer
set search_path = ''
language plpgsql
as $fn$
begin
  return query
    select
      h.log_id, h.epoch, h.size, h.leaf, integrity._merkle_root(h.peaks),
      h.event_key_id, e.holder, h.checkpoint_key_id, c.holder, h.recovery_key_id,
      s.system_identifier, s.timeline, h.system_identifier, h.timeline
    from integrity._history_head h
    cross join integrity._server_identity() s
    left join integrity._signing_keys e on e.id = h.event_key_id
    left join integrity._signing_keys c on c.id = h.checkpoint_key_id;
end
$fn$;

comment on function integrity.tree_head is
  'Where the history ends: number of events, last leaf, root of the Merkle tree, keys in use, and which server this is, beside what the log recorded about that. No row before the first event. Where they differ, the database was restored or promoted: see integrity.declare_epoch.';

revoke all on function integrity.tree_head from public;
grant execute on function integrity.tree_head to penstock_admin, penstock_operator, penstock_worker;

create or replace function integrity._key_holders()
returns jsonb
stable
security definer
set search_path = ''
language plpgsql
as $fn$
begin
  return (
    select jsonb_build_object(
      'events', 'key=' || coalesce((select k.holder from integrity._signing_keys k where k.id = h.event_key_id), 'none'),
      'checkpoints', 'key=' || coalesce((select k.holder from integrity._signing_keys k where k.id = h.checkpoint_key_id), 'none')
    )
    from integrity._history_head h
  );
end
$fn$;

comment on function integrity._key_holders is
  'Who keeps the keys of the history: key=database proves nothing against a superuser, a dump or a replica. NULL before the first event.';

revoke all on function integrity._key_holders from public;
