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

revoke all on function penstock._search_statement from public;
revoke all on function penstock._condition from public;
revoke all on function penstock._few_rows_match from public;
revoke all on type penstock._match from public;
grant usage on type penstock._match to penstock_user;
grant execute on function penstock._search_statement to penstock_user;
grant execute on function penstock._condition to penstock_user;
grant execute on function penstock._few_rows_match to penstock_user;
