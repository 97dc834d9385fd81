create or replace function integrity._key_in_use(
  head integrity._history_head,
  purpose text
)
returns text
immutable
set search_path = ''
language plpgsql
as $fn$
begin
  return case purpose
    when 'events' then head.event_key_id
    when 'checkpoints' then head.checkpoint_key_id
    when 'recovery' then head.recovery_key_id
  end;
end
$fn$;

comment on function integrity._key_in_use is 'The id of the key in use for a purpose, or NULL.';

create or replace function integrity._use_key(
  purpose text,
  key_id text,
  seq bigint
)
returns void
volatile
set search_path = ''
language plpgsql
as $fn$
begin
  update integrity._history_head h
  set event_key_id = case purpose when 'events' then key_id else h.event_key_id end,
      checkpoint_key_id = case purpose when 'checkpoints' then key_id else h.checkpoint_key_id end,
      recovery_key_id = case purpose when 'recovery' then key_id else h.recovery_key_id end;
  if key_id is not null then
    insert into integrity._key_uses (key_id, since_seq) values (_use_key.key_id, seq);
  end if;
end
$fn$;

comment on function integrity._use_key is
  'Brings a key into use for its purpose as of an event, or with NULL takes the present one out of use.';

create or replace function integrity._announce_key(
  key_id text
)
returns bigint
volatile
set search_path = ''
language plpgsql
as $fn$
declare
  announced constant jsonb := integrity._key_as_json(key_id);
  head constant integrity._history_head := integrity._locked_head();
  seq bigint;
begin
  seq := integrity._append_event('key_registered', null, jsonb_build_object(
    'words', pg_catalog.format('A key for %s, held %s, is registered.', announced ->> 'purpose',
      case announced ->> 'holder' when 'database' then 'by the database' else 'outside of the database' end),
    'key', announced
  ));
  if announced ->> 'purpose' = 'recovery'
    and not exists (
      select
      from integrity._key_uses u
      join integrity._signing_keys k on k.id = u.key_id
      where k.purpose = 'recovery'
    )
  then
    perform integrity._use_key('recovery', key_id, seq);
  end if;
  return seq;
end
$fn$;

comment on function integrity._announce_key is
  'Appends the event that makes a key known. The first recovery key is in use from then on.';

create or replace function integrity.register_key(
  public_key bytea,
  purpose text
)
returns text
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head constant integrity._history_head := integrity._locked_head();
  id text;
begin
  if purpose is null or purpose not in ('events', 'checkpoints', 'recovery') then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected purpose to be events, checkpoints or recovery, got %s', coalesce(purpose, 'NULL'));
  end if;
  id := integrity._store_key(public_key, purpose, 'external');
  perform integrity._announce_key(id);
  return id;
end
$fn$;

comment on function integrity.register_key is
  'Makes an Ed25519 public key known to the history and returns its id, the SHA-256 of its 32 bytes in hexadecimal. purpose is events, checkpoints or recovery. integrity.rotate_key brings it into use; the first recovery key is in use at once. Errors: 22023 for another purpose, or a key that is no canonical encoding, of small or of mixed order; 23505 for a known one.';

create or replace function integrity.new_database_key(
  purpose text
)
returns text
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head constant integrity._history_head := integrity._locked_head();
  id text;
begin
  if purpose is null or purpose not in ('events', 'checkpoints') then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected purpose to be events or checkpoints, got %s', coalesce(purpose, 'NULL')),
      hint = 'A recovery key is of use only outside of the database: integrity.register_key(public_key, ''recovery'').';
  end if;
  id := integrity._draw_key(purpose);
  perform integrity._announce_key(id);
  return id;
end
$fn$;

comment on function integrity.new_database_key is
  'Draws a key whose seed stays in the database and returns its id; integrity.rotate_key brings it into use. What it signs proves nothing against a superuser, a dump or a replica. Errors: 22023 for a purpose other than events and checkpoints.';

revoke all on function
  integrity._key_in_use, integrity._use_key, integrity._announce_key, integrity.register_key, integrity.new_database_key
  from public;
grant execute on function integrity.register_key, integrity.new_database_key to penstock_admin;
