create or replace function penstock._tg_sealed__newest_key()
returns trigger
volatile
set search_path = ''
language plpgsql
as $fn$
begin
  raise exception using errcode = '55000',
    message = pg_catalog.format('row %L is sealed under key %s, which is not the newest of its tenant', new.id, pg_catalog.encode(new.key_id, 'hex')),
    hint = 'Give this client the newest root as well: penstock.sealed_keys shows its id.';
end
$fn$;

comment on function penstock._tg_sealed__newest_key is
  'Refuses a row under another key than those in state sealing. The trigger''s own WHEN clause compares, so that right rows cost nothing.';

create or replace function penstock._guard_sealed_keys(
  target penstock._collections
)
returns void
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
begin
  execute (
    select pg_catalog.format(
      'create or replace trigger _100_newest_key before insert or update of key_id on %s for each row when (new.key_id not in (%s)) execute function penstock._tg_sealed__newest_key()',
      target.relation, pg_catalog.string_agg(pg_catalog.quote_literal(k.key_id) || '::pg_catalog.bytea', ', ' order by k.key_id))
    from penstock._sealed_keys k
    where k.collection_id = target.id and k.state = 'sealing'
  );
end
$fn$;

comment on function penstock._guard_sealed_keys is
  'Writes the trigger of a sealed table anew, with the keys that writers may use. Waits for writers under way (SHARE ROW EXCLUSIVE lock).';

create or replace function penstock.add_sealed_key(
  collection text,
  key_id bytea,
  tenant text default ''
)
returns void
volatile
parallel unsafe
set search_path = ''
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  existing penstock._sealed_keys;
begin
  perform penstock._sealed_of(target);
  if key_id is null or tenant is null or pg_catalog.octet_length(key_id) <> 8 then
    raise exception using errcode = '22023',
      message = 'expected a key id of 8 bytes and a tenant',
      hint = 'The client library derives the id from a root: a root itself never goes to the server.';
  end if;
  if not penstock._owns(target.relation) then
    raise exception using errcode = '42501',
      message = pg_catalog.format('only the owner of its table may add a key to collection %L', collection);
  end if;
  select k.* into existing
  from penstock._sealed_keys k
  where k.collection_id = target.id and k.key_id = add_sealed_key.key_id;
  if found then
    if existing.tenant = add_sealed_key.tenant and existing.state = 'sealing' then
      return;
    end if;
    raise exception using errcode = '55000',
      message = pg_catalog.format('key %s is there already, as a %s key of tenant %L', pg_catalog.encode(key_id, 'hex'), existing.state, existing.tenant),
      hint = 'Every generation is a new random root.';
  end if;
  if target.index_kind = 'hnsw' and not exists (select from penstock._sealed_index(target, key_id)) then
    execute penstock._sealed_index_statement(target, key_id, '');
  end if;
  update penstock._sealed_keys k
  set state = 'retiring'
  where k.collection_id = target.id and k.tenant = add_sealed_key.tenant and k.state = 'sealing';
  insert into penstock._sealed_keys (collection_id, key_id, tenant) values (target.id, key_id, tenant);
  perform penstock._guard_sealed_keys(target);
end
$fn$;

comment on function penstock.add_sealed_key is
  'Makes a key the one that writers of a tenant use from now on; its older one is retiring. Readers need the new root before this. Repeating it does nothing. Builds the HNSW index of the key, which is empty; run sealed_index_statement before on a large table.';

create or replace function penstock.retire_sealed_key(
  collection text,
  key_id bytea
)
returns void
volatile
parallel unsafe
set search_path = ''
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  existing penstock._sealed_keys;
  old_index regclass;
  is_used boolean;
begin
  perform penstock._sealed_of(target);
  if not penstock._owns(target.relation) or pg_catalog.row_security_active(target.relation) then
    raise exception using errcode = '42501',
      message = pg_catalog.format('only an owner who sees all rows may retire a key of collection %L', collection);
  end if;
  /* After this lock no write is under way, and the statement below sees all that committed. */
  execute pg_catalog.format('lock table %s in share row exclusive mode', target.relation);
  if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = '25001',
      message = 'expected isolation level read committed: an older snapshot would not see every row';
  end if;
  select k.* into existing
  from penstock._sealed_keys k
  where k.collection_id = target.id and k.key_id = retire_sealed_key.key_id;
  if not found then
    return;
  end if;
  execute pg_catalog.format('select exists (select from %s t where t.key_id = $1)', target.relation) into is_used using key_id;
  if is_used or existing.state = 'sealing' then
    raise exception using errcode = '55000',
      message = pg_catalog.format('key %s of collection %L is still in use', pg_catalog.encode(key_id, 'hex'), collection),
      hint = 'Finish the rotation first: penstock sealed rotate.';
  end if;
  delete from penstock._sealed_keys k where k.collection_id = target.id and k.key_id = retire_sealed_key.key_id;
  for old_index in select i.index from penstock._sealed_index(target, key_id) i loop
    execute pg_catalog.format('drop index %s', old_index);
  end loop;
end
$fn$;

comment on function penstock.retire_sealed_key is
  'Forgets a retiring key under which no row is sealed any more, and drops its index. Repeating it does nothing. Errors: 55000 while rows are sealed under it.';

revoke all on function
  penstock._tg_sealed__newest_key,
  penstock._guard_sealed_keys,
  penstock.add_sealed_key,
  penstock.retire_sealed_key
  from public;
grant execute on function
  penstock._tg_sealed__newest_key,
  penstock._guard_sealed_keys,
  penstock.add_sealed_key,
  penstock.retire_sealed_key
  to penstock_user;
