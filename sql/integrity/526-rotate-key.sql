create or replace function integrity._rotation(
  head integrity._history_head,
  new_key_id text
)
returns jsonb
stable
set search_path = ''
language plpgsql
as $fn$
declare
  new_key integrity._signing_keys;
  current_id text;
begin
  select k.* into new_key from integrity._signing_keys k where k.id = new_key_id;
  if not found then
    raise exception using
      errcode = '42704',
      message = pg_catalog.format('expected the id of a registered key, got %s', coalesce(new_key_id, 'NULL')),
      hint = 'integrity.register_key registers one; integrity.signing_keys lists all.';
  end if;
  if exists (select from integrity._key_uses u where u.key_id = new_key_id)
    or exists (select from integrity._key_revocations r where r.key_id = new_key_id)
  then
    raise exception using
      errcode = '55000',
      message = pg_catalog.format('expected a key that was never in use and is not revoked, got %s', new_key_id),
      hint = 'Register a new key: none is used twice.';
  end if;
  current_id := integrity._key_in_use(head, new_key.purpose);
  if current_id is null and head.recovery_key_id is null then
    raise exception using
      errcode = '55000',
      message = pg_catalog.format('expected a key for %s or a recovery key in use, which could authorise the new one', new_key.purpose);
  end if;
  return jsonb_build_object(
    'purpose', new_key.purpose,
    'old_key_id', current_id,
    'authorised_by', coalesce(current_id, head.recovery_key_id),
    'new_key', integrity._key_as_json(new_key_id)
  );
end
$fn$;

comment on function integrity._rotation is
  'What a rotation to a key would say: its purpose, the key that it replaces, who must authorise it. Errors: 42704, 55000.';

create or replace function integrity.rotation_statement(
  new_key_id text
)
returns bytea
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head constant integrity._history_head := integrity._locked_head();
begin
  return integrity._rotation_statement(
    head.log_id, head.epoch, head.size + 1, encode(head.leaf, 'hex'), integrity._rotation(head, new_key_id));
end
$fn$;

comment on function integrity.rotation_statement is
  'The bytes that the key in use and the new one sign to make a rotation. They hold for the next position of the log only, which stays locked until the end of the transaction: sign them and call integrity.rotate_key in the same one. Errors: 42704 for an unknown key, 55000 for one that was used before.';

create or replace function integrity._signature_for(
  key_id text,
  statement bytea,
  given bytea,
  argument text
)
returns bytea
volatile
set search_path = ''
language plpgsql
as $fn$
declare
  signature constant bytea := coalesce(
    given, integrity._sign((select s.seed from integrity._database_seeds s where s.key_id = _signature_for.key_id), statement));
begin
  if signature is null then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected %s, the signature of the statement by the key %s, got NULL', argument, key_id),
      hint = 'The database makes only the signatures of keys that it holds itself.';
  end if;
  if integrity._verify_signature(
    (select k.public_key from integrity._signing_keys k where k.id = key_id), statement, signature
  ) is not true
  then
    raise exception using
      errcode = '28000',
      message = pg_catalog.format('expected %s to be the signature of the statement by the key %s', argument, key_id),
      hint = 'Take the statement anew and sign it in the same transaction: it holds for one position of the log.';
  end if;
  return signature;
end
$fn$;

comment on function integrity._signature_for is
  'A signature of a statement, checked: the one given, or one made with the seed in the database. Errors: 22023 for none, 28000 for a wrong one.';

create or replace function integrity.rotate_key(
  new_key_id text,
  authorisation bytea default null,
  possession bytea default null
)
returns bigint
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head constant integrity._history_head := integrity._locked_head();
  rotation constant jsonb := integrity._rotation(head, new_key_id);
  statement constant bytea := integrity._rotation_statement(
    head.log_id, head.epoch, head.size + 1, encode(head.leaf, 'hex'), rotation);
  seq bigint;
begin
  seq := integrity._append_event('key_rotated', null, rotation || jsonb_build_object(
    'words', pg_catalog.format('The key for %s is another one from here on.', rotation ->> 'purpose'),
    'authorisation', encode(
      integrity._signature_for(rotation ->> 'authorised_by', statement, authorisation, 'authorisation'), 'hex'),
    'possession', encode(integrity._signature_for(new_key_id, statement, possession, 'possession'), 'hex')
  ));
  perform integrity._use_key(rotation ->> 'purpose', new_key_id, seq);
  return seq;
end
$fn$;

comment on function integrity.rotate_key is
  'Brings a registered key into use in place of the present one of its purpose, and returns the seq of the event. Both signatures are over integrity.rotation_statement: authorisation by the key in use (after its revocation: by the recovery key), possession by the new one; one that is left out the database makes where it holds the seed. Events signed before stay valid. Errors: 22023, 28000 for a missing or wrong signature, 42704, 55000.';

revoke all on function
  integrity._rotation, integrity.rotation_statement, integrity._signature_for, integrity.rotate_key
  from public;
grant execute on function integrity.rotation_statement, integrity.rotate_key to penstock_admin;
