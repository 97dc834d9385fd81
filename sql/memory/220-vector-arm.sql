create or replace function memory._vector_statement(
  condition text,
  exact boolean
)
returns text
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  distance constant text := format('m.embedding operator(%1$s.<=>) $1::%1$s.halfvec', penstock._vector_schema());
begin
  /* No index can serve a sum, so the exact statement never uses the vector index. */
  return format('select m.id, 1 - (%1$s) from memory.memories m where %2$s and m.embedding is not null order by %3$s limit $2',
    distance, condition, case when exact then format('(%s) + 0', distance) else distance end);
end
$fn$;

comment on function memory._vector_statement is
  'The SQL text of a search by meaning: over the vector index, or exact over all rows that meet the condition. $1 is the query, $2 how many.';

create or replace function memory._vector_arm(
  condition text,
  query vector,
  n int,
  exact boolean,
  ef_search int,
  is_filtered boolean default false,
  documents bigint default 0
)
returns table (id uuid, similarity float8)
volatile
parallel unsafe
rows 50
set search_path = pg_catalog, pg_temp
set hnsw.ef_search = 100
set hnsw.iterative_scan = relaxed_order
set enable_sort = on
set enable_seqscan = off
set jit = off
language plpgsql
as $fn$
declare
  ids uuid[];
  similarities float8[];
begin
  /*
   * Near the query all rows may fail a filter, so the index finds good neighbours only where
   * many rows pass. Up to 10,000 rows an exact search is fast and misses nothing. Counting is
   * spared where a whole namespace is searched that was large when last counted.
   */
  if not exact and (is_filtered or documents <= 20000) then
    exact := memory._few_match(condition);
  end if;
  if not exact then
    ef_search := coalesce(ef_search, greatest(100, least(n, 1000)));
    if ef_search <> 100 then
      perform set_config('hnsw.ef_search', ef_search::text, true);
    end if;
    /* The planner expects far fewer rows of most filters than there are, and would sort them. */
    perform set_config('enable_sort', 'off', true);
    execute format('select array_agg(a.id), array_agg(a.similarity) from (%s) as a (id, similarity)',
      memory._vector_statement(condition, false))
    into ids, similarities
    using query, n;
    if cardinality(ids) >= n then
      return query select u.id, u.similarity from unnest(ids, similarities) as u (id, similarity);
      return;
    end if;
    /* The scan gave up (hnsw.max_scan_tuples), or there are no more rows: only an exact search can tell. */
    perform set_config('enable_sort', 'on', true);
  end if;
  return query execute memory._vector_statement(condition, true) using query, n;
end
$fn$;

comment on function memory._vector_arm is
  'The memories nearest to a query, in no order: exact where few rows meet the condition, else over the vector index. n rows whenever there are n. Settings of the scan end with the call.';

revoke all on function memory._vector_statement, memory._vector_arm from public;
