create or replace function integrity._revocation(
  key_id text,
  reason text,
  checkpoint text
)
returns jsonb
stable
set search_path = ''
language plpgsql
as $fn$
declare
  head integrity._history_head;
  opened jsonb;
begin
  select h.* into head from integrity._history_head h;
  if head.recovery_key_id is null then
    raise exception using
      errcode = '55000',
      message = 'expected a recovery key in use, for only that one revokes',
      hint = 'integrity.register_key(public_key, ''recovery''), while the keys in use are still yours alone.';
  end if;
  if not exists (select from integrity._signing_keys k where k.id = key_id) then
    raise exception using
      errcode = '42704',
      message = pg_catalog.format('expected the id of a registered key, got %s', coalesce(key_id, 'NULL')),
      hint = 'integrity.signing_keys lists all.';
  end if;
  if exists (select from integrity._key_revocations r where r.key_id = _revocation.key_id) then
    raise exception using errcode = '55000', message = pg_catalog.format('the key %s is revoked already', key_id);
  end if;
  if coalesce(btrim(reason), '') = '' then
    raise exception using errcode = '22023', message = 'expected a reason, got none';
  end if;
  if checkpoint is not null then
    opened := integrity._open_checkpoint(checkpoint, head.log_id, integrity._verification_keys());
    perform integrity._require_root((opened ->> 'size')::bigint, opened ->> 'root');
  end if;
  return jsonb_build_object(
    'key_id', key_id,
    'reason', reason,
    'trusted_size', coalesce((opened ->> 'size')::bigint, 0),
    'trusted_root', opened -> 'root',
    'authorised_by', head.recovery_key_id
  );
end
$fn$;

comment on function integrity._revocation is
  'What a revocation would say. Errors: 22023, 28000 for a checkpoint that no key of this log signed, 42704, 55000, 55R04 for a checkpoint over other events.';

create or replace function integrity.revocation_statement(
  key_id text,
  reason text,
  checkpoint text default null
)
returns bytea
stable
security definer
set search_path = ''
language plpgsql
as $fn$
begin
  return integrity._revocation_statement(
    (select h.log_id from integrity._history_head h), integrity._revocation(key_id, reason, checkpoint));
end
$fn$;

comment on function integrity.revocation_statement is
  'The bytes that the recovery key signs to revoke a key. They are bound to no position, so that they can be signed offline at leisure. Errors: as integrity.revoke_key.';

create or replace function integrity.revoke_key(
  key_id text,
  reason text,
  authorisation bytea,
  checkpoint text default null
)
returns bigint
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head constant integrity._history_head := integrity._locked_head();
  revocation constant jsonb := integrity._revocation(key_id, reason, checkpoint);
  statement constant bytea := integrity._revocation_statement(head.log_id, revocation);
  purpose text;
  event_seq bigint;
begin
  perform integrity._signature_for(head.recovery_key_id, statement, authorisation, 'authorisation');
  select k.purpose into purpose from integrity._signing_keys k where k.id = revoke_key.key_id;
  if integrity._key_in_use(head, purpose) = key_id then
    perform integrity._use_key(purpose, null, null);
  end if;
  event_seq := integrity._append_event('key_revoked', null, revocation || jsonb_build_object(
    'words', pg_catalog.format('A key for %s is revoked: %s', purpose, reason),
    'authorisation', encode(authorisation, 'hex')
  ));
  insert into integrity._key_revocations (key_id, seq, trusted_size, trusted_root)
  values (
    revoke_key.key_id, event_seq, (revocation ->> 'trusted_size')::bigint, decode(revocation ->> 'trusted_root', 'hex')
  );
  return event_seq;
end
$fn$;

comment on function integrity.revoke_key is
  'Revokes a key and returns the seq of the event. authorisation is the signature of integrity.revocation_statement by the recovery key. checkpoint is a note that was held elsewhere before the compromise: what the key signed counts for the events under it only; without one, nothing of it counts. Afterwards no key is in use for its purpose until integrity.rotate_key, authorised by the recovery key, brings one. Errors: 22023, 28000 for a wrong signature, 42704, 55000 without a recovery key, 55R04 for a checkpoint over other events.';

revoke all on function integrity._revocation, integrity.revocation_statement, integrity.revoke_key from public;
grant execute on function integrity.revocation_statement, integrity.revoke_key to penstock_admin;
