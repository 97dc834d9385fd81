create type penstock._match as (
  id text,
  distance float8,
  metadata jsonb
);

comment on type penstock._match is 'One row on its way out of a search.';

/*
 * Statements take $1 the query (vector) and $2 the number of rows. They give NULL for the
 * matches when the query does not fit, so that the caller can say what is wrong without a
 * statement of its own.
 */
create or replace function penstock._search_statement(
  target penstock._collections,
  condition text,
  exact boolean
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  vector_schema text := penstock._vector_schema();
  distance text;
begin
  distance := pg_catalog.format('t.%I operator(%s.%s) $1::%s.%s', target.vector_column, vector_schema,
    penstock._distance_operator(target.metric), vector_schema, target.vector_type);
  return pg_catalog.format(
    'select %1$s.vector_dims($1), %1$s.vector_norm($1),
      case when %1$s.vector_dims($1) = %2$s %3$s then array(
        select row(t.%4$I::text, %5$s, %6$s)::penstock._match
        from %7$s t
        where %8$s
        order by %9$s
        limit $2
      ) end',
    vector_schema,
    target.dimensions,
    case target.metric when 'cosine' then pg_catalog.format('and %s.vector_norm($1) > 0', vector_schema) end,
    target.id_column,
    distance,
    pg_catalog.format(case when target.metadata_column is null then 'null' else 't.%I' end, target.metadata_column),
    target.relation,
    condition,
    /* No index can serve a sum. */
    case when exact then pg_catalog.format('(%s) + 0', distance) else distance end);
end
$fn$;

comment on function penstock._search_statement is
  'The SQL text of one search: over the vector index where the planner likes it, or exact over all rows that meet the condition.';

create or replace function penstock._condition(
  target penstock._collections,
  filter jsonb
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  if filter is null or filter = '{}' then
    return 'true';
  end if;
  if target.metadata_column is null then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected no filter, for the table of collection %L has no metadata column', target.name);
  end if;
  return penstock._filter_sql(pg_catalog.format('t.%I', target.metadata_column), filter);
end
$fn$;

comment on function penstock._condition is
  'SQL condition on alias t for a filter on a collection; true for no filter.';

/*
 * An index scan finds good neighbours only when many rows pass the filter: the rows near
 * the query may all fail it. Up to this many rows an exact search is fast and has recall 1.
 */
create or replace function penstock._few_rows_match(
  target penstock._collections,
  condition text
)
returns boolean
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  few constant int := 10000;
  matching int;
begin
  execute pg_catalog.format('select count(*) from (select from %s t where %s limit %s) m', target.relation, condition, few + 1)
  into matching;
  return matching <= few;
end
$fn$;

comment on function penstock._few_rows_match is
  'Whether at most 10,000 rows that the caller may see meet a condition. Stops counting there.';

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
  condition text := penstock._condition(target, filter);
  matches penstock._match[];
  dimensions int;
  norm float8;
begin
  if query is null then
    raise exception using errcode = '22004', message = 'expected a query vector, got NULL';
  end if;
  if k is null or k < 1 then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected k of at least 1, got %s', coalesce(k::text, 'NULL'));
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
    execute penstock._search_statement(target, condition, false) into dimensions, norm, matches using query, k;
    /* The scan gave up (hnsw.max_scan_tuples, memory), or no more rows exist: only an exact search can tell. */
    exact := pg_catalog.cardinality(matches) < k;
  end if;
  if exact then
    execute penstock._search_statement(target, condition, true) into dimensions, norm, matches using query, k;
  end if;

  if matches is null then
    raise exception using errcode = '22023',
      message = case
        when dimensions <> target.dimensions then
          pg_catalog.format('expected a query of %s dimensions, got %s', target.dimensions, dimensions)
        else 'expected a query with a direction, got only zeros, which cosine cannot compare'
      end,
      detail = pg_catalog.jsonb_build_object('collection', target.name)::text;
  end if;
  /* A stored vector without a direction has no cosine distance, a missing one none at all. */
  return query
    select m.id, m.distance, s.similarity, m.metadata
    from unnest(matches) as m,
      lateral (
        select case target.metric
          when 'cosine' then 1 - m.distance
          when 'ip' then -m.distance
          else 1 / (1 + m.distance)
        end
      ) as s(similarity)
    where m.distance <> 'NaN' and (threshold is null or s.similarity >= threshold)
    order by m.distance;
end
$fn$;

comment on function penstock._search is
  'The nearest rows of a collection, after the gate. Settings of the scan end with the call.';

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
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
begin
  perform integrity.enter(collection, 'search');
  return query select s.* from penstock._search(target, query, k, threshold, filter, ef_search, probes, exact) as s;
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
      from penstock._search(target, queries[i], k, threshold, filter, ef_search, probes, exact) as s;
  end loop;
end
$fn$;

comment on function penstock.search_many is
  'Searches for each vector of a list, in one call and past the gate once. Column query is the position of the vector in the list, from 1; within one, nearest first.';

revoke all on function penstock._search_statement from public;
revoke all on function penstock._condition from public;
revoke all on function penstock._few_rows_match from public;
revoke all on function penstock._search from public;
revoke all on function penstock.search from public;
revoke all on function penstock.search_many from public;
revoke all on type penstock._match from public;
grant usage on type penstock._match to penstock_user;
grant execute on function penstock._search_statement to penstock_user;
grant execute on function penstock._condition to penstock_user;
grant execute on function penstock._few_rows_match to penstock_user;
grant execute on function penstock._search to penstock_user;
grant execute on function penstock.search to penstock_user;
grant execute on function penstock.search_many to penstock_user;
