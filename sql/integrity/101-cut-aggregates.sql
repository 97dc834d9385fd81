/*
 * Minimum cut and algebraic connectivity as aggregates over rows of edges, one graph a group.
 * The state is a plain array that array_append grows in place; a state of type internal would
 * be faster, but only a superuser may define one.
 */

create type integrity.graph_edge as (
  node_count int,
  source int,
  target int,
  weight float8
);

comment on type integrity.graph_edge is
  'An edge for min_cut_agg and lambda2_agg, written (node_count, source, target, weight). Every edge of a graph repeats its node count, because nodes without edges count too.';

create type integrity.min_cut_result as (
  cut_value float8,
  side int[],
  witness int[]
);

comment on type integrity.min_cut_result is
  'Answer of min_cut_agg: the columns of min_cut.';

create or replace function integrity._edge_node_count(
  edges integrity.graph_edge[]
)
returns int
immutable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  least_count int;
  most_count int;
  missing bigint;
begin
  select
    min(e.node_count),
    max(e.node_count),
    count(*) filter (where e.node_count is null)
  into least_count, most_count, missing
  from unnest(edges) as e;
  if missing > 0 or least_count <> most_count then
    raise exception 'expected one node count for all edges of a graph, got % to %',
      coalesce(least_count::text, 'NULL'), case when missing > 0 then 'NULL' else most_count::text end
      using errcode = '22023',
        hint = 'Group by what separates the graphs, and give each its own node count.';
  end if;
  return least_count;
end
$fn$;

comment on function integrity._edge_node_count is
  'The node count that all edges of a graph name. 22023 when they differ or lack it.';

revoke all on function integrity._edge_node_count from public;
grant execute on function integrity._edge_node_count to penstock_user;

create or replace function integrity._min_cut_final(
  edges integrity.graph_edge[]
)
returns integrity.min_cut_result
immutable
strict
parallel restricted
cost 10000
set search_path = ''
language plpgsql
as $fn$
declare
  result integrity.min_cut_result;
begin
  select c.cut_value, c.side, c.witness
  into result
  from (
    select array_agg(e.source) as source, array_agg(e.target) as target, array_agg(e.weight) as weight
    from unnest(edges) as e
  ) as arrays
  cross join lateral integrity.min_cut(
    integrity._edge_node_count(edges), arrays.source, arrays.target, arrays.weight
  ) as c;
  return result;
end
$fn$;

comment on function integrity._min_cut_final is
  'Final step of min_cut_agg.';

revoke all on function integrity._min_cut_final from public;
grant execute on function integrity._min_cut_final to penstock_user;

create or replace function integrity._lambda2_final(
  edges integrity.graph_edge[]
)
returns float8
immutable
strict
parallel restricted
cost 10000
set search_path = ''
language plpgsql
as $fn$
begin
  return (
    select integrity.lambda2(
      integrity._edge_node_count(edges), array_agg(e.source), array_agg(e.target), array_agg(e.weight)
    )
    from unnest(edges) as e
  );
end
$fn$;

comment on function integrity._lambda2_final is
  'Final step of lambda2_agg.';

revoke all on function integrity._lambda2_final from public;
grant execute on function integrity._lambda2_final to penstock_user;

create or replace aggregate integrity.min_cut_agg(integrity.graph_edge) (
  sfunc = pg_catalog.array_append,
  stype = integrity.graph_edge[],
  finalfunc = integrity._min_cut_final,
  parallel = restricted
);

comment on aggregate integrity.min_cut_agg(integrity.graph_edge) is
  'Global minimum cut over rows of edges: select (integrity.min_cut_agg((node_count, source, target, weight) order by id)).* from edges. The witness counts edges from 0 in the order of the aggregate. NULL over no rows. Otherwise as min_cut.';

revoke all on function integrity.min_cut_agg(integrity.graph_edge) from public;
grant execute on function integrity.min_cut_agg(integrity.graph_edge) to penstock_user;

create or replace aggregate integrity.lambda2_agg(integrity.graph_edge) (
  sfunc = pg_catalog.array_append,
  stype = integrity.graph_edge[],
  finalfunc = integrity._lambda2_final,
  parallel = restricted
);

comment on aggregate integrity.lambda2_agg(integrity.graph_edge) is
  'Algebraic connectivity over rows of edges: select integrity.lambda2_agg((node_count, source, target, weight)) from edges. NULL over no rows. Otherwise as lambda2.';

revoke all on function integrity.lambda2_agg(integrity.graph_edge) from public;
grant execute on function integrity.lambda2_agg(integrity.graph_edge) to penstock_user;
