/*
 * Filters become SQL text with every value a quoted literal, so that the planner sees them
 * whatever plan_cache_mode says, and partial indexes serve. The namespace always comes first.
 */
create or replace function memory._condition(
  namespace text,
  domains text[] default null,
  node_types text[] default null,
  tags text[] default null,
  metadata jsonb default null,
  created_after timestamptz default null,
  created_before timestamptz default null,
  min_retrievability float8 default null,
  include_superseded boolean default false,
  at timestamptz default now()
)
returns text
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  condition text;
begin
  if namespace is null then
    raise exception using errcode = '22004', message = 'expected a namespace, got NULL';
  end if;
  if min_retrievability not between 0 and 1 then
    raise exception using errcode = '22023',
      message = format('expected min_retrievability from 0 to 1, got %s', min_retrievability);
  end if;
  condition := format('m.namespace = %L', namespace);
  if not coalesce(include_superseded, false) then
    condition := condition || ' and m.superseded_by is null';
  end if;
  condition := condition || format(
    ' and (m.valid_until is null or m.valid_until > %1$L::timestamptz) and (m.valid_from is null or m.valid_from <= %1$L::timestamptz)', at);
  if domains is not null then
    condition := condition || format(' and m.domains && %L::text[]', domains);
  end if;
  if node_types is not null then
    condition := condition || format(' and m.node_type = any (%L::text[])', node_types);
  end if;
  if tags is not null then
    condition := condition || format(' and m.tags && %L::text[]', tags);
  end if;
  if metadata is not null and metadata <> '{}' then
    condition := condition || ' and ' || penstock._filter_sql('m.metadata', metadata);
  end if;
  if created_after is not null then
    condition := condition || format(' and m.created_at >= %L::timestamptz', created_after);
  end if;
  if created_before is not null then
    condition := condition || format(' and m.created_at < %L::timestamptz', created_before);
  end if;
  if min_retrievability is not null then
    condition := condition || format(
      ' and (select memory.retrievability(s.stability, s.last_review, %L::timestamptz, %L::float8)
             from memory.scheduling s where s.memory_id = m.id) >= %L::float8',
      at, (select memory._decay(n.settings) from memory._namespaces n where n.name = namespace), min_retrievability);
  end if;
  return condition;
end
$fn$;

comment on function memory._condition is
  'SQL condition on alias m of memory.memories for a namespace and filters; NULL leaves a filter out. Errors: 22023, 22004.';

revoke all on function memory._condition from public;
