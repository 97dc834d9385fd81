/*
 * Near the query all rows may fail a filter, so the index finds good neighbours only where many
 * rows pass. Up to 6,000 rows an exact search is fast and misses nothing, so it is tried first,
 * and left when there are more.
 */
create or replace function memory._vector_statement(
  condition text,
  side text
)
returns text
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  few constant int := 6000;
  distance constant text := format('m.embedding operator(%1$s.<=>) $1::%1$s.halfvec', penstock._vector_schema());
begin
  return case side
    when 'narrow' then format(
      'with matching as materialized (
        select m.id, 1 - (%s) as similarity from memory.memories m where %s and m.embedding is not null limit %s
      )
      select array_agg(n.id), array_agg(n.similarity)
      from (select * from matching order by similarity desc limit $2) n
      having (select count(*) from matching) <= %s', distance, condition, few + 1, few)
    when 'broad' then format(
      'select array_agg(n.id), array_agg(n.similarity)
      from (
        select m.id, 1 - (%1$s) as similarity from memory.memories m where %2$s and m.embedding is not null order by %1$s limit $2
      ) n', distance, condition)
    /* No index can serve a sum. */
    when 'exact' then format(
      'select array_agg(n.id), array_agg(n.similarity)
      from (
        select m.id, 1 - (%1$s) as similarity from memory.memories m where %2$s and m.embedding is not null order by (%1$s) + 0 limit $2
      ) n', distance, condition)
  end;
end
$fn$;

comment on function memory._vector_statement is
  'The SQL text of a search by meaning: narrow (exact, no row when more than 6,000 rows meet the condition), broad (over the vector index) or exact. $1 is the query, $2 how many; the result is an array of ids and one of similarities.';

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
  answered int;
begin
  /* Trying is spared where a whole namespace is searched that was large when last counted. */
  if not exact and (is_filtered or documents <= 12000) then
    execute memory._vector_statement(condition, 'narrow') into ids, similarities using query, n;
    get diagnostics answered = row_count;
    if answered > 0 then
      return query select u.id, u.similarity from unnest(ids, similarities) as u (id, similarity);
      return;
    end if;
  end if;
  if not exact then
    ef_search := coalesce(ef_search, greatest(100, least(n, 1000)));
    if ef_search <> 100 then
      perform set_config('hnsw.ef_search', ef_search::text, true);
    end if;
    /* The planner expects far fewer rows of most filters than there are, and would sort them. */
    perform set_config('enable_sort', 'off', true);
    execute memory._vector_statement(condition, 'broad') into ids, similarities using query, n;
    perform set_config('enable_sort', 'on', true);
  end if;
  /* The scan gave up (hnsw.max_scan_tuples), or there are no more rows: only an exact search can tell. */
  if coalesce(cardinality(ids), 0) < n then
    execute memory._vector_statement(condition, 'exact') into ids, similarities using query, n;
  end if;
  return query select u.id, u.similarity from unnest(ids, similarities) as u (id, similarity);
end
$fn$;

comment on function memory._vector_arm is
  'The memories nearest to a query, in no order: exact where few rows meet the condition, else over the vector index. n rows whenever there are n. Settings of the scan end with the call.';

revoke all on function memory._vector_statement, memory._vector_arm from public;
