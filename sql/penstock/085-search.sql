create type penstock._match as (id text, distance float8, metadata jsonb);

comment on type penstock._match is
  'One row that a search found: what _search_statement gives.';

create or replace function penstock._search(
  target penstock._collections,
  query vector,
  k int,
  threshold float8,
  filter jsonb,
  ef_search int,
  probes int,
  exact boolean
)
returns table (id text, distance float8, similarity float8, metadata jsonb)
volatile
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
declare
  condition text := case when filter is null then 'true' else penstock._condition(target, filter) end;
  seen text[] := '{}';
  emitted bigint := 0;
begin
  if target.sealed then
    perform penstock._refuse_sealed(target);
  end if;
  if query is null then
    raise exception using errcode = '22004', message = 'expected a query vector, got NULL';
  end if;
  if k is null or k < 1 then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected k of at least 1, got %s', coalesce(k::text, 'NULL'));
  end if;
  if ef_search not between 1 and 1000 or probes not between 1 and 32768 then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected ef_search from 1 to 1000 and probes from 1 to 32768, got %s and %s',
        coalesce(ef_search::text, 'NULL'), coalesce(probes::text, 'NULL'));
  end if;
  /* A vector takes 8 bytes and 4 a dimension, 3 less when short; any other size may still be a compressed one. */
  if pg_catalog.pg_column_size(query) not in (8 + 4 * target.dimensions, 5 + 4 * target.dimensions) then
    perform penstock._check_query(target, query);
  end if;

  exact := coalesce(exact, false);
  if not exact and (condition <> 'true' or pg_catalog.row_security_active(target.relation)) then
    exact := penstock._few_rows_match(target, condition);
    if not exact then
      /* The planner guesses far too few rows for most conditions on JSON, and would sort them. */
      perform pg_catalog.set_config('enable_sort', 'off', true);
    end if;
  end if;
  if not exact then
    ef_search := coalesce(ef_search, greatest(coalesce((target.options ->> 'ef_search')::int, 40), least(k, 1000)));
    if ef_search <> 40 then
      perform pg_catalog.set_config('hnsw.ef_search', ef_search::text, true);
    end if;
    if target.index_kind = 'ivfflat' then
      probes := coalesce(probes, (target.options ->> 'probes')::int, greatest(1, pg_catalog.sqrt((target.options ->> 'lists')::int)::int));
      perform pg_catalog.set_config('ivfflat.probes', probes::text, true);
    end if;
    for id, distance, metadata in
      execute penstock._search_statement(target, condition, false) using query, k
    loop
      seen := seen || id;
      similarity := penstock._similarity(target.metric, distance);
      if distance <> 'NaN' and (threshold is null or similarity >= threshold) then
        emitted := emitted + 1;
        return next;
      end if;
    end loop;
    /* The scan gave up (hnsw.max_scan_tuples, memory), or no more rows exist: only an exact search can tell. */
    exact := pg_catalog.cardinality(seen) < k;
  end if;
  if exact then
    for id, distance, metadata in
      execute penstock._search_statement(target, condition, true) using query, k, threshold, seen
    loop
      emitted := emitted + 1;
      similarity := penstock._similarity(target.metric, distance);
      return next;
    end loop;
  end if;
  /* Under cosine, a query without a direction is equally far from everything: not a number. */
  if emitted = 0 then
    perform penstock._check_query(target, query);
  end if;
end
$fn$;

comment on function penstock._search is
  'The nearest rows of a collection, after the gate: all of the k nearest that are to be found, in no order, perhaps with others. Settings of the scan end with the call.';

create or replace function penstock.search(
  collection text,
  query vector,
  k int default 10,
  threshold float8 default null,
  filter jsonb default null,
  ef_search int default null,
  probes int default null,
  exact boolean default false
)
returns table (id text, distance float8, similarity float8, metadata jsonb)
volatile
parallel unsafe
set search_path = ''
set hnsw.ef_search = 40
set hnsw.iterative_scan = relaxed_order
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  matches penstock._match[];
begin
  perform integrity.enter(collection, 'search');
  /*
   * The usual search takes the shortest way: what the index gives, kept until it is known to be k rows.
   * k is small, for the rows lie in memory; everything else, and whatever is wrong, is for _search.
   */
  if filter is null and exact is not true and target.index_kind = 'hnsw' and k between 1 and 100
    and ef_search between 1 and 1000 is not false and probes between 1 and 32768 is not false
    and pg_catalog.pg_column_size(query) in (8 + 4 * target.dimensions, 5 + 4 * target.dimensions)
    and not pg_catalog.row_security_active(target.relation) then
    ef_search := coalesce(ef_search, greatest((target.options ->> 'ef_search')::int, 40, k));
    if ef_search <> 40 then
      perform pg_catalog.set_config('hnsw.ef_search', ef_search::text, true);
    end if;
    execute 'select array(select row(m.id, m.distance, m.metadata)::penstock._match from ('
      || penstock._search_statement(target, 'true', false) || ') m)'
    into matches using query, k;
    if pg_catalog.cardinality(matches) = k then
      return query
        select m.id, m.distance, penstock._similarity(target.metric, m.distance), m.metadata
        from unnest(matches) as m
        where m.distance <> 'NaN' and (threshold is null or penstock._similarity(target.metric, m.distance) >= threshold)
        order by m.distance;
      if not found then
        perform penstock._check_query(target, query);
      end if;
      return;
    end if;
  end if;
  return query
    select s.*
    from penstock._search(target, query, k, threshold, filter, ef_search, probes, exact) as s
    order by s.distance
    limit greatest(k, 1);
end
$fn$;

comment on function penstock.search is
  'The k rows nearest to a vector, nearest first. threshold is the least similarity: 1 - distance for cosine, the inner product for ip, 1 / (1 + distance) for l2 and l1. Fewer than k rows come back only when no more rows match. exact ignores the vector index.';

create or replace function penstock.search_many(
  collection text,
  queries vector[],
  k int default 10,
  threshold float8 default null,
  filter jsonb default null,
  ef_search int default null,
  probes int default null,
  exact boolean default false
)
returns table (query int, id text, distance float8, similarity float8, metadata jsonb)
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
begin
  if queries is null or pg_catalog.cardinality(queries) = 0 then
    raise exception using errcode = case when queries is null then '22004' else '22023' end,
      message = 'expected at least one query, got ' || case when queries is null then 'NULL' else 'none' end;
  end if;
  perform integrity.enter(collection, 'search');
  for i in pg_catalog.array_lower(queries, 1)..pg_catalog.array_upper(queries, 1) loop
    query := i - pg_catalog.array_lower(queries, 1) + 1;
    return query
      select search_many.query, s.*
      from penstock._search(target, queries[i], k, threshold, filter, ef_search, probes, exact) as s
      order by s.distance
      limit greatest(k, 1);
  end loop;
end
$fn$;

comment on function penstock.search_many is
  'Searches for each vector of a list, in one call and past the gate once. Column query is the position of the vector in the list, from 1; within one, nearest first.';

revoke all on function penstock._search from public;
revoke all on function penstock.search from public;
revoke all on function penstock.search_many from public;
grant execute on function penstock._search to penstock_user;
grant execute on function penstock.search to penstock_user;
grant execute on function penstock.search_many to penstock_user;
