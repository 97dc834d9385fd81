create or replace function penstock._similarity(
  metric text,
  distance float8
)
returns float8
immutable
parallel safe
language sql
as $fn$
  select case metric
    when 'cosine' then 1 operator(pg_catalog.-) distance
    when 'ip' then operator(pg_catalog.-) distance
    else 1 operator(pg_catalog./) (1 operator(pg_catalog.+) distance)
  end
$fn$;

comment on function penstock._similarity is
  'The similarity for a distance: 1 - distance for cosine, the inner product for ip, 1 / (1 + distance) for l2 and l1. Inlined.';

/*
 * Both statements take $1 the query (vector) and $2 the number of rows. The exact one also
 * takes $3 the least similarity or NULL, and $4 ids to leave out.
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
  id text := pg_catalog.format('t.%I::text', target.id_column);
  distance text := pg_catalog.format('t.%1$I operator(%2$s.%3$s) $1::%2$s.%4$s', target.vector_column,
    penstock._vector_schema(), penstock._distance_operator(target.metric), target.vector_type);
  metadata text := coalesce('t.' || pg_catalog.quote_ident(target.metadata_column), 'null::jsonb');
begin
  if not exact then
    return pg_catalog.format('select %s as id, %s as distance, %s as metadata from %s t where %s order by %2$s limit $2',
      id, distance, metadata, target.relation, condition);
  end if;
  /* No index can serve a sum. A stored vector without a direction has no cosine distance. */
  return pg_catalog.format(
    'select m.id, m.distance, m.metadata
    from (
      select %s as id, (%s) + 0 as distance, %s as metadata
      from %s t
      where (%s) and (%1$s = any ($4)) is not true
      order by 2
      limit $2
    ) m
    where m.distance <> ''NaN'' and ($3 is null or penstock._similarity(%L, m.distance) >= $3)',
    id, distance, metadata, target.relation, condition, target.metric);
end
$fn$;

comment on function penstock._search_statement is
  'The SQL text of one search: over the vector index where the planner likes it, or exact over all rows that meet the condition. Columns id, distance, metadata.';

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

create or replace function penstock._check_query(
  target penstock._collections,
  query vector
)
returns void
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  dimensions int;
  norm float8;
begin
  execute pg_catalog.format('select %1$s.vector_dims($1), %1$s.vector_norm($1)', penstock._vector_schema())
  into dimensions, norm using query;
  if dimensions <> target.dimensions or (target.metric = 'cosine' and norm = 0) then
    raise exception using
      errcode = '22023',
      message = case
        when dimensions <> target.dimensions then
          pg_catalog.format('expected a query of %s dimensions, got %s', target.dimensions, dimensions)
        else 'expected a query with a direction, got only zeros, which cosine cannot compare'
      end,
      detail = pg_catalog.jsonb_build_object('collection', target.name)::text;
  end if;
end
$fn$;

comment on function penstock._check_query is
  'Raises 22023 unless a collection can be searched for this vector: its dimensions, and a direction under cosine.';

revoke all on function penstock._similarity from public;
grant execute on function penstock._similarity to penstock_user;
revoke all on function penstock._check_query from public;
grant execute on function penstock._check_query to penstock_user;
revoke all on function penstock._search_statement from public;
revoke all on function penstock._condition from public;
revoke all on function penstock._few_rows_match from public;
grant execute on function penstock._search_statement to penstock_user;
grant execute on function penstock._condition to penstock_user;
grant execute on function penstock._few_rows_match to penstock_user;
