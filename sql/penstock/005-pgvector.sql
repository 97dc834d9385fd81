/*
 * Where pgvector lives differs (public, extensions, ...). Bodies run with an empty
 * search_path, where pg_typeof always writes the type with its schema, so the schema
 * is known without a query. Both functions are inlined: they are on the path of every search.
 */
create or replace function penstock._vector_schema(
  probe vector default null
)
returns text
stable
parallel safe
language sql
as $fn$
  select pg_catalog.left(pg_catalog.pg_typeof(probe)::text, -7)
$fn$;

comment on function penstock._vector_schema is
  'The schema of pgvector, already quoted where it must be. For callers whose search_path is empty. The argument only names the type; leave it out.';

create or replace function penstock._distance_operator(
  metric text
)
returns text
immutable
parallel safe
language sql
as $fn$
  select case metric when 'cosine' then '<=>' when 'l2' then '<->' when 'ip' then '<#>' when 'l1' then '<+>' end
$fn$;

comment on function penstock._distance_operator is
  'The operator of pgvector that computes a metric: l2, cosine, ip (negative inner product) or l1.';

revoke all on function penstock._vector_schema from public;
revoke all on function penstock._distance_operator from public;
grant execute on function penstock._vector_schema to penstock_user;
grant execute on function penstock._distance_operator to penstock_user;
