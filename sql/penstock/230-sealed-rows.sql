create or replace function penstock._sealed_columns(
  target penstock._collections,
  tokens boolean
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return pg_catalog.format(
    't.id::text as id, t.version, t.key_id, t.nonce, %s as token, t.token_digest, t.sealed, t.plain_meta, t.metadata, t.mac',
    case
      when not tokens or target.vector_type = 'bytea' then 'null::bytea'
      when target.vector_type = 'bit' then 'pg_catalog.bit_send(t.token)'
      else pg_catalog.format('%s.%s(t.token)', penstock._vector_schema(), target.vector_type || '_send')
    end);
end
$fn$;

comment on function penstock._sealed_columns is
  'What a client needs of each row, in the order of the functions that return rows.';

create or replace function penstock.sealed_facts(
  collection text
)
returns table (
  uuid uuid,
  level text,
  token text,
  dimensions int,
  metric text,
  noise_e7 int,
  radius float4,
  id_type text,
  token_type text,
  token_oid oid,
  copy_statement text,
  keys jsonb
)
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  seal penstock._sealed := penstock._sealed_of(target);
begin
  uuid := seal.uuid;
  level := seal.level;
  token := seal.token;
  dimensions := target.dimensions;
  metric := target.metric;
  noise_e7 := seal.noise_e7;
  radius := seal.radius;
  id_type := target.id_type::text;
  token_type := case when seal.token <> 'none' then penstock._token_type(seal) end;
  token_oid := (select a.atttypid from pg_catalog.pg_attribute a where a.attrelid = target.relation and a.attname = 'token');
  if not pg_catalog.row_security_active(target.relation) then
    copy_statement := pg_catalog.format(
      'copy %s (id, version, key_id, nonce, %stoken_digest, sealed, plain_meta, metadata, mac) from stdin (format binary)',
      target.relation, case when seal.token <> 'none' then 'token, ' end);
  end if;
  select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'key_id', pg_catalog.encode(k.key_id, 'hex'), 'tenant', k.tenant, 'state', k.state) order by k.added_at, k.key_id), '[]')
  into keys
  from penstock._sealed_keys k
  where k.collection_id = target.id;
  return next;
end
$fn$;

comment on function penstock.sealed_facts is
  'What a client compares with its own configuration when it opens a sealed collection, and the COPY statement for many rows (NULL where row security forbids COPY). Nothing here decides about keys.';

create or replace function penstock.sealed_get(
  collection text,
  ids text[],
  tokens boolean default false
)
returns table (id text, version bigint, key_id bytea, nonce bytea, token bytea, token_digest bytea, sealed bytea, plain_meta bytea, metadata jsonb, mac bytea)
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
begin
  perform penstock._sealed_of(target);
  if ids is null then
    raise exception using errcode = '22004', message = 'expected ids, got NULL';
  end if;
  perform integrity.enter(collection, 'read');
  return query execute pg_catalog.format(
    'select %s from %s t where t.id = any ($1::%s[]) order by array_position($1, t.id::text)',
    penstock._sealed_columns(target, tokens), target.relation, penstock._id_type(target))
  using ids;
end
$fn$;

comment on function penstock.sealed_get is
  'Sealed rows by id, in the order asked for; an id that is not there gives no row. tokens: also the tokens, in their binary form (vector_send, halfvec_send, bit_send).';

create or replace function penstock.sealed_page(
  collection text,
  sealed_under bytea,
  after text,
  max_rows int
)
returns table (id text, version bigint, key_id bytea, nonce bytea, token bytea, token_digest bytea, sealed bytea, plain_meta bytea, metadata jsonb, mac bytea)
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
begin
  perform penstock._sealed_of(target);
  perform integrity.enter(collection, 'read');
  return query execute pg_catalog.format(
    'select %s from %s t where t.key_id = $1 and ($2 is null or t.id > $2::%s) order by t.id limit $3',
    penstock._sealed_columns(target, false), target.relation, penstock._id_type(target))
  using sealed_under, after, max_rows;
end
$fn$;

comment on function penstock.sealed_page is
  'The next rows sealed under one key, in the order of their ids: what a rotation reads.';

create or replace function penstock.sealed_rows_statement(
  collection text,
  filter jsonb default null,
  tokens boolean default false
)
returns text
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  condition text := penstock._condition(target, filter);
begin
  perform penstock._sealed_of(target);
  perform integrity.enter(collection, 'read');
  return pg_catalog.format('select %s from %s t where %s',
    penstock._sealed_columns(target, tokens), target.relation, condition);
end
$fn$;

comment on function penstock.sealed_rows_statement is
  'The text of a SELECT of every sealed row that matches a filter on the plain metadata, for a cursor: one snapshot of all. It runs with the rights of whoever runs it.';

revoke all on function
  penstock._sealed_columns, penstock.sealed_facts, penstock.sealed_get, penstock.sealed_page, penstock.sealed_rows_statement from public;
grant execute on function
  penstock._sealed_columns, penstock.sealed_facts, penstock.sealed_get, penstock.sealed_page, penstock.sealed_rows_statement
  to penstock_user;
