create or replace function penstock._sealed_query(
  target penstock._collections,
  seal penstock._sealed,
  key_id bytea,
  condition text,
  tokens boolean,
  exact boolean
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  distance text := case
    when seal.token = 'bits' then pg_catalog.format('t.token operator(%s.<~>) $1::%s', penstock._vector_schema(), penstock._token_type(seal))
    else pg_catalog.format('t.token operator(%s.%s) $1::%s', penstock._vector_schema(),
      penstock._distance_operator(target.metric), penstock._token_type(seal))
  end;
begin
  /* The key as a literal: only so is the partial index of its tokens considered. No index can serve a sum. */
  return pg_catalog.format('select %s from %s t where t.key_id = %L::pg_catalog.bytea and (%s)%s order by (%s)%s limit $2',
    penstock._sealed_columns(target, tokens), target.relation, key_id, condition,
    case when exact then ' and (t.id::text = any ($3)) is not true' end,
    distance, case when exact then ' + 0' end);
end
$fn$;

comment on function penstock._sealed_query is
  'The SQL text of a search among the tokens of one key: over its partial index where the planner likes it, or exact. Parameters: the token as text, the number of rows, and for the exact one ids to leave out.';

/*
 * STABLE on purpose: every statement in here sees the snapshot of the one that calls, so that
 * a row which a rotation moves from key to key is found once, under one of them.
 */
create or replace function penstock._sealed_search(
  target penstock._collections,
  key_ids bytea[],
  query_tokens text[],
  candidates int,
  condition text,
  ef_search int,
  probes int,
  tokens boolean,
  exact boolean
)
returns table (id text, version bigint, key_id bytea, nonce bytea, token bytea, token_digest bytea, sealed bytea, plain_meta bytea, metadata jsonb, mac bytea)
stable
parallel unsafe
set search_path = ''
set hnsw.ef_search = 40
set hnsw.iterative_scan = relaxed_order
set ivfflat.probes = 1
set ivfflat.iterative_scan = relaxed_order
set enable_sort = on
set jit = off
language plpgsql
as $fn$
#variable_conflict use_column
declare
  seal penstock._sealed := penstock._sealed_of(target);
  live penstock._sealed_keys;
  seen text[];
  few boolean := exact;
begin
  if not few and (condition <> 'true' or pg_catalog.row_security_active(target.relation)) then
    few := penstock._few_rows_match(target, condition);
    if not few then
      perform pg_catalog.set_config('enable_sort', 'off', true);
    end if;
  end if;
  if not few then
    perform pg_catalog.set_config('hnsw.ef_search',
      least(1000, coalesce(ef_search, greatest((target.options ->> 'ef_search')::int, candidates, 40)))::text, true);
    perform pg_catalog.set_config('ivfflat.probes',
      coalesce(probes, (target.options ->> 'probes')::int, greatest(1, pg_catalog.sqrt((target.options ->> 'lists')::int)::int), 1)::text, true);
  end if;
  for live in
    select k.*
    from penstock._sealed_keys k
    where k.collection_id = target.id and k.key_id = any (_sealed_search.key_ids)
    order by k.added_at desc
  loop
    seen := '{}';
    if not few then
      for id, version, key_id, nonce, token, token_digest, sealed, plain_meta, metadata, mac in
        execute penstock._sealed_query(target, seal, live.key_id, condition, tokens, false)
        using query_tokens[pg_catalog.array_position(key_ids, live.key_id)], candidates
      loop
        seen := seen || id;
        return next;
      end loop;
    end if;
    /* Fewer than asked for: the scan gave up, or no more rows exist under this key. Only an exact search can tell. */
    if pg_catalog.cardinality(seen) < candidates then
      return query execute penstock._sealed_query(target, seal, live.key_id, condition, tokens, true)
        using query_tokens[pg_catalog.array_position(key_ids, live.key_id)], candidates - pg_catalog.cardinality(seen), seen;
    end if;
  end loop;
end
$fn$;

comment on function penstock._sealed_search is
  'The candidates of a search under each of several keys, in one snapshot. Settings of the scan end with the call.';

create or replace function penstock.sealed_search(
  collection text,
  key_ids bytea[],
  query_tokens text[],
  candidates int,
  tenant text default '',
  filter jsonb default null,
  ef_search int default null,
  probes int default null,
  tokens boolean default false,
  exact boolean default false
)
returns table (id text, version bigint, key_id bytea, nonce bytea, token bytea, token_digest bytea, sealed bytea, plain_meta bytea, metadata jsonb, mac bytea)
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
#variable_conflict use_column
declare
  target penstock._collections := penstock._collection(collection);
  seal penstock._sealed := penstock._sealed_of(target);
  condition text := penstock._condition(target, filter);
begin
  if seal.token = 'none' then
    raise exception using errcode = '0A000',
      message = pg_catalog.format('collection %L has level sealed: its rows have no tokens to search', collection),
      hint = 'The client reads all rows and ranks them: SealedCollection.search does.';
  end if;
  if key_ids is null or query_tokens is null or pg_catalog.cardinality(key_ids) = 0
    or pg_catalog.cardinality(key_ids) <> pg_catalog.cardinality(query_tokens) then
    raise exception using errcode = '22023', message = 'expected as many tokens as key ids, at least one';
  end if;
  if candidates is null or candidates < 1 then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected candidates of at least 1, got %s', coalesce(candidates::text, 'NULL'));
  end if;
  perform integrity.enter(collection, 'search');
  return query
    with missing as materialized (
      select penstock._refuse_missing_key(sealed_search.collection, pg_catalog.encode(k.key_id, 'hex'))
      from penstock._sealed_keys k
      where k.collection_id = target.id and k.tenant = sealed_search.tenant and not k.key_id = any (key_ids)
      limit 1
    )
    select s.*
    from penstock._sealed_search(target, key_ids, query_tokens, candidates, condition, ef_search, probes,
      coalesce(tokens, false), coalesce(exact, false)) as s
    where not exists (select from missing);
end
$fn$;

comment on function penstock.sealed_search is
  'The rows of a sealed collection whose tokens are nearest to the query''s, up to candidates for each live key, in no order, all as of one moment. One token for each key id: query_tokens in the text form of the type. Errors: 42704 when a live key of the tenant is not among the key ids, for a search that skipped its rows would be wrong.';

create or replace function penstock._refuse_missing_key(
  collection text,
  key_id text
)
returns void
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  raise exception using errcode = '42704',
    message = pg_catalog.format('the search has no token for key %s, under which collection %L has rows', key_id, collection),
    hint = 'A rotation is under way: give this client the newest root as well.';
end
$fn$;

comment on function penstock._refuse_missing_key is
  'Raises 42704: a search lacks a live key.';

revoke all on function penstock._sealed_query, penstock._sealed_search, penstock.sealed_search, penstock._refuse_missing_key from public;
grant execute on function penstock._sealed_query, penstock._sealed_search, penstock.sealed_search, penstock._refuse_missing_key
  to penstock_user;
