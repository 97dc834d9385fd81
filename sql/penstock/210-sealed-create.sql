create or replace function penstock._create_sealed(
  name text,
  dimensions int,
  metric text,
  index text,
  m int,
  ef_construction int,
  lists int,
  metadata_index text,
  table_schema name,
  table_name name,
  sealed jsonb
)
returns regclass
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  seal penstock._sealed := penstock._read_sealed(dimensions, metric, sealed);
  id_type text := coalesce(sealed ->> 'id_type', 'text');
  relation regclass;
begin
  if seal.level = 'sealed' then
    index := 'none';
  end if;
  if index is null or index not in ('hnsw', 'ivfflat', 'none') then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected a kind of index, got %L', pg_catalog.left(index, 100)),
      hint = 'Kinds: hnsw, ivfflat (built after the load), none (exact search over tokens).';
  end if;
  if id_type not in ('text', 'bigint', 'uuid') then
    raise exception using errcode = '22023',
      message = pg_catalog.format('sealed: expected id_type text, bigint or uuid, got %L', pg_catalog.left(id_type, 100));
  end if;
  if table_schema is null then
    raise exception using errcode = '22004',
      message = 'expected a schema for the table, got NULL',
      hint = 'Pass table_schema: the search_path names no schema that exists.';
  end if;

  execute pg_catalog.format(
    'create table %I.%I (
      id %s primary key %s,
      version bigint not null constraint version_from_1 check (version > 0),
      key_id bytea not null constraint key_id_of_8_bytes check (octet_length(key_id) = 8),
      nonce bytea not null constraint nonce_of_16_bytes check (octet_length(nonce) = 16),
      %s
      token_digest bytea not null constraint digest_of_32_bytes check (octet_length(token_digest) = 32),
      sealed bytea not null constraint sealed_copy_of_a_vector check (octet_length(sealed) >= %s),
      plain_meta bytea not null,
      mac bytea not null constraint mac_of_32_bytes check (octet_length(mac) = 32),
      metadata jsonb not null default ''{}'' constraint metadata_is_an_object check (jsonb_typeof(metadata) = ''object''),
      created_at timestamptz not null default now()
    )',
    table_schema, table_name, id_type,
    case id_type when 'text' then 'constraint id_of_1_to_1024_bytes check (octet_length(id) between 1 and 1024)' end,
    case when seal.token <> 'none' then pg_catalog.format('token %s not null,', penstock._token_type(seal)) end,
    16 + 4 * dimensions);
  relation := pg_catalog.format('%I.%I', table_schema, table_name)::regclass;
  /* What is encrypted does not compress. */
  execute pg_catalog.format('alter table %s alter column sealed set storage external', relation);

  insert into penstock._collections
    (name, relation, id_type, vector_column, vector_type, dimensions, metric, index_kind, owned, sealed, options)
  values (name, relation, id_type::regtype,
    case seal.token when 'none' then 'sealed' else 'token' end,
    case seal.token when 'none' then 'bytea' when 'bits' then 'bit' else seal.token end,
    dimensions, metric, index, true, true,
    case index
      when 'hnsw' then pg_catalog.jsonb_build_object('m', m, 'ef_construction', ef_construction)
      when 'ivfflat' then pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('lists', lists))
      else '{}'
    end);
  seal.collection_id := (penstock._collection(name)).id;
  insert into penstock._sealed (collection_id, uuid, level, token, token_dimensions, noise_e7, radius)
  values (seal.collection_id, seal.uuid, seal.level, seal.token, seal.token_dimensions, seal.noise_e7, seal.radius);
  perform penstock.add_sealed_key(name, pg_catalog.decode(sealed ->> 'key_id', 'hex'), coalesce(sealed ->> 'tenant', ''));
  if metadata_index <> 'none' then
    execute pg_catalog.format('create index on %s using gin (metadata %s)', relation, metadata_index);
  end if;
  return relation;
end
$fn$;

comment on function penstock._create_sealed is
  'create_collection for a sealed collection: the table with its checks, its registration and its first key.';

revoke all on function
  penstock._create_sealed
  from public;
grant execute on function
  penstock._create_sealed
  to penstock_user;
