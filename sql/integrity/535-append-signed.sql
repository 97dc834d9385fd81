/* Events that a worker signs with a key that never comes into the database. */

create or replace function integrity._refuse_reserved_type(
  event_type text
)
returns void
immutable
set search_path = ''
language plpgsql
as $fn$
begin
  if event_type in ('genesis', 'key_registered', 'key_rotated', 'key_revoked', 'epoch', 'retention', 'samples') then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected a type that a worker may use, got %s', event_type),
      hint = 'Events of this type are made by the function that does what they say.';
  end if;
end
$fn$;

comment on function integrity._refuse_reserved_type is
  'Refuses with SQLSTATE 22023 the types of events by which verifiers follow keys, epochs and retention.';

create or replace function integrity._prepare_event(
  event_type text,
  collection text,
  body jsonb
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
  perform integrity._refuse_reserved_type(event_type);
  if not exists (select from integrity._signing_keys k where k.id = head.event_key_id and k.holder = 'external') then
    raise exception using
      errcode = '55000',
      message = 'expected a key for events that is kept outside of the database to be in use',
      hint = 'Bring one into use: integrity.register_key, then integrity.rotate_key.';
  end if;
  return integrity._next_event(head, event_type, collection, body);
end
$fn$;

comment on function integrity._prepare_event is
  'The bytes of the next event, to be signed outside and given to _append_signed in the same transaction, for which the head stays locked. Errors: 55000 unless an external key for events is in use, 22023 for an unfit type or body.';

create or replace function integrity._append_signed(
  bytes bytea,
  signature bytea
)
returns bigint
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head constant integrity._history_head := integrity._locked_head();
  event constant jsonb := integrity._decode_event(bytes);
begin
  if event is null then
    raise exception using errcode = '22023', message = 'expected the exact bytes of an event';
  end if;
  perform integrity._refuse_reserved_type(event ->> 'type');
  if (event ->> 'log_id', (event ->> 'epoch')::int, (event ->> 'seq')::bigint, event ->> 'prev')
    is distinct from (head.log_id, head.epoch, head.size + 1, encode(head.leaf, 'hex'))
  then
    raise exception using
      errcode = '40001',
      message = 'expected an event that continues the log',
      detail = pg_catalog.format('The log has %s events, the event wants to be number %s.', head.size, event ->> 'seq'),
      hint = 'Prepare, sign and append in one transaction; retry it.';
  end if;
  if event ->> 'key_id' is distinct from head.event_key_id
    or integrity._verify_signature(
      (select k.public_key from integrity._signing_keys k where k.id = head.event_key_id), bytes, signature
    ) is not true
  then
    raise exception using
      errcode = '28000',
      message = 'expected an event signed by the key in use',
      detail = pg_catalog.format('in use: %s, named by the event: %s', head.event_key_id, event ->> 'key_id');
  end if;
  if event ->> 'by' is distinct from session_user then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected an event by %s, got one by %s', session_user, event ->> 'by');
  end if;
  return integrity._write_event(head, event ->> 'type', (event ->> 'collection_id')::int, bytes, signature);
end
$fn$;

comment on function integrity._append_signed is
  'Appends an event that was prepared by _prepare_event and signed outside; returns its seq. Errors: 22023 for other bytes than those of an event, 28000 for a signature that is not one of the key in use, 40001 when the log has moved on.';

revoke all on function integrity._refuse_reserved_type, integrity._prepare_event, integrity._append_signed from public;
