/* Keys, and the beginning of the log. */

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

create or replace function integrity._register_key(
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

comment on function integrity._register_key is
  'Stores a public key and returns its id. Errors: 22023 for a key of small or mixed order or in another encoding, 23505 for a known one.';

create or replace function integrity._new_database_key(
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
  id text := integrity._register_key(integrity._public_key(seed), purpose, 'database');
begin
  insert into integrity._database_seeds (key_id, seed) values (id, seed);
  return id;
end
$fn$;

comment on function integrity._new_database_key is
  'Draws a key whose seed stays in the database, and returns its id.';

create or replace function integrity._begin_history()
returns void
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
begin
  /*
   * One at a time: whoever comes second finds the head of the first. The lock is on a table
   * that no caller has touched yet, for two that upgraded a lock of their own would deadlock.
   */
  lock table integrity._database_seeds in share row exclusive mode;
  if exists (select from integrity._history_head) then
    return;
  end if;
  insert into integrity._history_head (log_id, epoch, size, leaf, peaks, event_key_id, checkpoint_key_id)
  values (
    encode(substr(integrity._random_seed(), 1, 16), 'hex'),
    1,
    0,
    decode(repeat('00', 32), 'hex'),
    '',
    integrity._new_database_key('events'),
    integrity._new_database_key('checkpoints')
  );
  perform integrity._append_event('genesis', null, jsonb_build_object(
    'words', 'The history begins; its keys are held by the database.',
    'keys', (
      select jsonb_agg(jsonb_build_object(
        'id', k.id,
        'public_key', encode(k.public_key, 'hex'),
        'purpose', k.purpose,
        'holder', k.holder
      ) order by k.purpose)
      from integrity._signing_keys k
    )
  ));
end
$fn$;

comment on function integrity._begin_history is
  'Draws the id and the first keys of the log and appends its first event, unless that happened already.';

revoke all on function integrity._random_seed, integrity._register_key, integrity._new_database_key, integrity._begin_history
  from public;

create or replace view integrity.signing_keys as
select
  k.id,
  encode(k.public_key, 'hex') as public_key,
  k.purpose,
  k.holder,
  k.id in (h.event_key_id, h.checkpoint_key_id) as is_in_use,
  k.created_at
from integrity._signing_keys k
cross join integrity._history_head h;

comment on view integrity.signing_keys is
  'Every public key of the history. holder database means that the seed lies in the database, too.';

revoke all on integrity.signing_keys from public;
grant select on integrity.signing_keys to penstock_admin, penstock_operator, penstock_worker;
