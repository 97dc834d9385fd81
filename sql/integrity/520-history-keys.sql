/* Public keys of the log, and the seeds of those that the database holds. */

create or replace function integrity._random_seed()
returns bytea
volatile
set search_path = ''
language plpgsql
as $fn$
begin
  /*
   * gen_random_uuid takes its bits from pg_strong_random, 122 of the 128 at random. Four of
   * them are 488 random bits, which SHA-256 condenses into 256.
   */
  return sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
  );
end
$fn$;

comment on function integrity._random_seed is
  '32 random bytes for a key: SHA-256 of 488 bits from the random source of the server.';

create or replace function integrity._store_key(
  public_key bytea,
  purpose text,
  holder text
)
returns text
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  problem text := integrity._public_key_problem(public_key);
  id text := encode(sha256(public_key), 'hex');
begin
  if public_key is null or problem is not null then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected an Ed25519 public key, got one that %s', coalesce(problem, 'is NULL')),
      detail = pg_catalog.format('key %s', id),
      hint = 'Make a new key pair with a current library; a key like this one is never made by chance.';
  end if;
  insert into integrity._signing_keys (id, public_key, purpose, holder)
  values (id, public_key, purpose, holder);
  return id;
end
$fn$;

comment on function integrity._store_key is
  'Stores a public key and returns its id. Errors: 22023 for a key of small or mixed order or in another encoding, 23505 for a known one.';

create or replace function integrity._draw_key(
  purpose text
)
returns text
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  seed bytea := integrity._random_seed();
  id text := integrity._store_key(integrity._public_key(seed), purpose, 'database');
begin
  insert into integrity._database_seeds (key_id, seed) values (id, seed);
  return id;
end
$fn$;

comment on function integrity._draw_key is
  'Draws a key whose seed stays in the database, and returns its id.';

create or replace function integrity._key_as_json(
  key_id text
)
returns jsonb
stable
set search_path = ''
language plpgsql
as $fn$
begin
  return (
    select jsonb_build_object(
      'id', k.id,
      'public_key', encode(k.public_key, 'hex'),
      'purpose', k.purpose,
      'holder', k.holder
    )
    from integrity._signing_keys k
    where k.id = key_id
  );
end
$fn$;

comment on function integrity._key_as_json is 'A public key in the form in which events announce it.';

revoke all on function integrity._random_seed, integrity._store_key, integrity._draw_key, integrity._key_as_json
  from public;

create or replace view integrity.signing_keys as
select
  k.id,
  encode(k.public_key, 'hex') as public_key,
  k.purpose,
  k.holder,
  k.id in (h.event_key_id, h.checkpoint_key_id, h.recovery_key_id) is true as is_in_use,
  u.since_seq as used_since,
  r.trusted_size as revoked_beyond,
  k.created_at
from integrity._signing_keys k
cross join integrity._history_head h
left join integrity._key_uses u on u.key_id = k.id
left join integrity._key_revocations r on r.key_id = k.id;

comment on view integrity.signing_keys is
  'Every public key of the history. holder database means that the seed lies in the database, too.';
comment on column integrity.signing_keys.used_since is 'The event that brought the key into use; NULL for one that is only registered.';
comment on column integrity.signing_keys.revoked_beyond is
  'NULL unless the key was revoked: then what it signed counts for so many first events only.';

revoke all on integrity.signing_keys from public;
grant select on integrity.signing_keys to penstock_admin, penstock_operator, penstock_worker;
