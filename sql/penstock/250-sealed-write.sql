/*
 * Lists of equal length, one element a row. tokens is an array of the collection's own type
 * (halfvec[], vector[], bit[]; any array of NULLs at level sealed), for its elements keep their binary form so.
 */
create or replace function penstock._check_sealed_batch(
  target penstock._collections,
  ids text[],
  token_count int,
  lengths int[]
)
returns void
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  perform penstock._sealed_of(target);
  if ids is null or pg_catalog.cardinality(ids) = 0 or token_count is distinct from pg_catalog.cardinality(ids)
    or exists (select from pg_catalog.unnest(lengths) as n where n is distinct from pg_catalog.cardinality(ids)) then
    raise exception using errcode = '22023', message = 'expected lists of equal length, one element for each row and at least one';
  end if;
end
$fn$;

comment on function penstock._check_sealed_batch is
  'Raises 22023 unless all lists of a batch have as many elements as there are ids, 55000 when the collection is not sealed.';

create or replace function penstock.sealed_insert(
  collection text,
  key_id bytea,
  ids text[],
  versions bigint[],
  nonces bytea[],
  tokens anyarray,
  token_digests bytea[],
  sealed bytea[],
  plain_metas bytea[],
  metadata jsonb[],
  macs bytea[]
)
returns bigint
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  has_token boolean := target.vector_type <> 'bytea';
  written bigint;
begin
  perform penstock._check_sealed_batch(target, ids, pg_catalog.cardinality(tokens), array[
    pg_catalog.cardinality(versions), pg_catalog.cardinality(nonces), pg_catalog.cardinality(token_digests),
    pg_catalog.cardinality(sealed), pg_catalog.cardinality(plain_metas), pg_catalog.cardinality(metadata), pg_catalog.cardinality(macs)]);
  execute pg_catalog.format(
    'insert into %s (id, version, key_id, nonce, %s token_digest, sealed, plain_meta, metadata, mac)
    select u.id::%s, u.version, $1, u.nonce, %s u.token_digest, u.sealed, u.plain_meta, u.metadata, u.mac
    from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10)
      as u(id, version, nonce, token, token_digest, sealed, plain_meta, metadata, mac)',
    target.relation, case when has_token then 'token,' end, penstock._id_type(target), case when has_token then 'u.token,' end)
  using key_id, ids, versions, nonces, tokens, token_digests, sealed, plain_metas, metadata, macs;
  get diagnostics written = row_count;
  return written;
end
$fn$;

comment on function penstock.sealed_insert is
  'Inserts rows that a client sealed, all or none. Errors: 23505 for an id that is there, 23514 for a field of the wrong length, 55000 for a key that is not the newest.';

create or replace function penstock.sealed_replace(
  collection text,
  key_id bytea,
  ids text[],
  old_versions bigint[],
  old_macs bytea[],
  versions bigint[],
  nonces bytea[],
  tokens anyarray,
  token_digests bytea[],
  sealed bytea[],
  plain_metas bytea[],
  metadata jsonb[],
  macs bytea[]
)
returns setof text
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  has_token boolean := target.vector_type <> 'bytea';
begin
  perform penstock._check_sealed_batch(target, ids, pg_catalog.cardinality(tokens), array[
    pg_catalog.cardinality(old_versions), pg_catalog.cardinality(old_macs), pg_catalog.cardinality(versions), pg_catalog.cardinality(nonces),
    pg_catalog.cardinality(token_digests), pg_catalog.cardinality(sealed), pg_catalog.cardinality(plain_metas),
    pg_catalog.cardinality(metadata), pg_catalog.cardinality(macs)]);
  return query execute pg_catalog.format(
    'update %s t
    set version = u.version, key_id = $1, nonce = u.nonce, %s token_digest = u.token_digest, sealed = u.sealed,
      plain_meta = u.plain_meta, metadata = u.metadata, mac = u.mac
    from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      as u(id, old_version, old_mac, version, nonce, token, token_digest, sealed, plain_meta, metadata, mac)
    where t.id = u.id::%s and t.version = u.old_version and t.mac = u.old_mac
    returning t.id::text',
    target.relation, case when has_token then 'token = u.token,' end, penstock._id_type(target))
  using key_id, ids, old_versions, old_macs, versions, nonces, tokens, token_digests, sealed, plain_metas, metadata, macs;
end
$fn$;

comment on function penstock.sealed_replace is
  'Replaces rows where id, version and MAC are still those that the client read, and returns the ids of these: compare and swap, for updates and rotation.';

revoke all on function penstock._check_sealed_batch, penstock.sealed_insert, penstock.sealed_replace from public;
grant execute on function penstock._check_sealed_batch, penstock.sealed_insert, penstock.sealed_replace to penstock_user;
