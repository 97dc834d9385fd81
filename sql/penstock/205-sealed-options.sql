create or replace function penstock._refuse_sealed(
  target penstock._collections
)
returns void
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  raise exception using errcode = '0A000',
    message = pg_catalog.format('expected a collection of plain vectors, but %L is sealed', target.name),
    hint = 'Only a client that holds the root key can read or write it: SealedCollection of the client library, or penstock sealed.';
end
$fn$;

comment on function penstock._refuse_sealed is
  'Raises 0A000: a function of plain vectors was called on a sealed collection.';

create or replace function penstock._sealed_of(
  target penstock._collections
)
returns penstock._sealed
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  found_row penstock._sealed;
begin
  if target.sealed then
    select s.* into strict found_row from penstock._sealed s where s.collection_id = target.id;
    return found_row;
  end if;
  raise exception using errcode = '55000',
    message = pg_catalog.format('expected a sealed collection, but %L is not', target.name);
end
$fn$;

comment on function penstock._sealed_of is
  'How a collection is sealed. Raises 55000 for one that is not.';

create or replace function penstock._token_type(
  seal penstock._sealed
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return case seal.token
    when 'bits' then pg_catalog.format('pg_catalog.bit(%s)', seal.token_dimensions)
    else pg_catalog.format('%s.%s(%s)', penstock._vector_schema(), seal.token, seal.token_dimensions)
  end;
end
$fn$;

comment on function penstock._token_type is
  'The SQL type of the tokens of a sealed collection, with its schema and length.';

create or replace function penstock._read_sealed(
  dimensions int,
  metric text,
  sealed jsonb
)
returns penstock._sealed
immutable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  result penstock._sealed;
  unknown text;
  index_limit int;
begin
  if pg_catalog.jsonb_typeof(sealed) <> 'object' then
    raise exception using errcode = '22023',
      message = pg_catalog.format('sealed: expected a JSON object, got %s', pg_catalog.jsonb_typeof(sealed));
  end if;
  select key into unknown
  from pg_catalog.jsonb_object_keys(sealed) as key
  where key not in ('uuid', 'key_id', 'tenant', 'level', 'token', 'noise_e7', 'radius', 'id_type');
  if found then
    raise exception using errcode = '22023',
      message = pg_catalog.format('sealed: unknown key %L', pg_catalog.left(unknown, 100)),
      hint = 'Keys: uuid, key_id, tenant, level, token, noise_e7, radius, id_type. A root key never goes to the server.';
  end if;
  if coalesce(sealed ->> 'key_id', '') !~ '^[0-9a-f]{16}$' then
    raise exception using errcode = '22023', message = 'sealed: expected a key_id of 16 hexadecimal digits';
  end if;
  if metric is null or metric not in ('cosine', 'l2', 'ip') then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected a metric for a sealed collection, got %L', pg_catalog.left(metric, 100)),
      hint = 'Metrics: cosine, l2, ip.';
  end if;
  if dimensions is null or dimensions not between 1 and 16000 then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected 1 to 16000 dimensions, got %s', coalesce(dimensions::text, 'NULL'));
  end if;
  result.uuid := (sealed ->> 'uuid')::uuid;
  result.level := coalesce(sealed ->> 'level', 'distance');
  result.token := coalesce(sealed ->> 'token', case result.level when 'distance' then 'halfvec' when 'bits' then 'bits' else 'none' end);
  result.noise_e7 := coalesce((sealed ->> 'noise_e7')::int, 0);
  result.radius := coalesce((sealed ->> 'radius')::float4, 0);
  if result.uuid is null then
    raise exception using errcode = '22023',
      message = 'sealed: expected the uuid of the collection, got none',
      hint = 'The client chooses it and keeps it: it is part of every key.';
  end if;
  if result.level not in ('distance', 'bits', 'sealed')
    or (result.level, result.token) not in (('distance', 'vector'), ('distance', 'halfvec'), ('bits', 'bits'), ('sealed', 'none')) then
    raise exception using errcode = '22023',
      message = pg_catalog.format('sealed: expected level distance with token vector or halfvec, bits, or sealed; got level %L, token %L',
        pg_catalog.left(result.level, 100), pg_catalog.left(result.token, 100));
  end if;
  result.token_dimensions := case
    when result.level = 'sealed' then 0
    else (dimensions + case metric when 'ip' then 1 else 0 end + 127) / 128 * 128
  end;
  index_limit := case result.token when 'vector' then 2000 when 'halfvec' then 4000 else 64000 end;
  if result.token_dimensions > index_limit then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected tokens of at most %s dimensions for %s, got %s', index_limit, result.token, result.token_dimensions);
  end if;
  if result.level <> 'sealed' and (dimensions < 64 or result.noise_e7 not between 1 and 10000000) then
    raise exception using errcode = '22023',
      message = 'sealed: expected at least 64 dimensions and a noise_e7 from 1 to 10000000 at a searchable level';
  end if;
  return result;
end
$fn$;

comment on function penstock._read_sealed is
  'Checks what create_collection is told about sealing. Raises 22023.';

revoke all on function
  penstock._refuse_sealed,
  penstock._sealed_of,
  penstock._token_type,
  penstock._read_sealed
  from public;
grant execute on function
  penstock._refuse_sealed,
  penstock._sealed_of,
  penstock._token_type,
  penstock._read_sealed
  to penstock_user;
