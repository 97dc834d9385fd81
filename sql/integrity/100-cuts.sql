/*
 * Minimum cut and algebraic connectivity of a graph given by its edges. These wrappers
 * refuse what typed arrays cannot hold (NULLs, more dimensions); the rest is checked where it
 * is computed. The algorithms are in plv8-src/graph/.
 */

create or replace function integrity._check_edge_arrays(
  node_count int,
  source int[],
  target int[],
  weight float8[]
)
returns void
immutable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  name text;
  dimensions int;
  null_at int;
begin
  if node_count is null or source is null or target is null or weight is null then
    raise exception 'expected a node count and three arrays, got NULL'
      using errcode = '22004',
        hint = 'array_agg over no rows gives NULL: write coalesce(array_agg(...), ''{}'').';
  end if;
  for name, dimensions in
    values
      ('source', pg_catalog.array_ndims(source)),
      ('target', pg_catalog.array_ndims(target)),
      ('weight', pg_catalog.array_ndims(weight))
  loop
    if dimensions > 1 then
      raise exception 'expected % of one dimension, got % dimensions', name, dimensions using errcode = '22023';
    end if;
  end loop;
  for name, null_at in
    values
      ('source', pg_catalog.array_position(source, null) - pg_catalog.array_lower(source, 1)),
      ('target', pg_catalog.array_position(target, null) - pg_catalog.array_lower(target, 1)),
      ('weight', pg_catalog.array_position(weight, null) - pg_catalog.array_lower(weight, 1))
  loop
    if null_at is not null then
      raise exception 'edge at position %: expected a %, got NULL', null_at, name
        using errcode = '22023',
          detail = pg_catalog.format('{"position":%s}', null_at),
          hint = 'Positions count from 0, as in the witness.';
    end if;
  end loop;
end
$fn$;

comment on function integrity._check_edge_arrays is
  'Raises an error unless the arrays have one dimension and no NULLs. 22004 for a NULL argument, 22023 otherwise.';

revoke all on function integrity._check_edge_arrays from public;
grant execute on function integrity._check_edge_arrays to penstock_user;

create or replace function integrity.min_cut(
  node_count int,
  source int[],
  target int[],
  weight float8[]
)
returns table (cut_value float8, side int[], witness int[])
immutable
parallel restricted
cost 10000
rows 1
set search_path = ''
language plpgsql
as $fn$
begin
  perform integrity._check_edge_arrays(node_count, source, target, weight);
  return query
    select c.cut_value, c.side, c.witness
    from integrity._min_cut(node_count, source, target, weight) as c;
end
$fn$;

comment on function integrity.min_cut(int, int[], int[], float8[]) is
  'Global minimum cut of an undirected graph with nodes 0 to node_count - 1. One row: cut_value, the nodes of the smaller side, and the positions from 0 of the positive edges that cross. Of several minimum cuts: the smaller side, then the list of nodes that is first. Parallel edges add; self-loops and weights of 0 count for nothing; a disconnected graph has the value 0. Below two nodes all columns are NULL. Errors: 22023 names the position of a wrong edge, 22004 for a NULL argument.';

revoke all on function integrity.min_cut(int, int[], int[], float8[]) from public;
grant execute on function integrity.min_cut(int, int[], int[], float8[]) to penstock_user;

create or replace function integrity.min_cut(
  node_count int,
  edges bytea
)
returns table (cut_value float8, side int[], witness int[])
immutable
parallel restricted
cost 10000
rows 1
set search_path = ''
language plpgsql
as $fn$
begin
  if node_count is null or edges is null then
    raise exception 'expected a node count and edges as bytea, got NULL' using errcode = '22004';
  end if;
  return query
    select c.cut_value, c.side, c.witness
    from integrity._min_cut_bytes(node_count, edges) as c;
end
$fn$;

comment on function integrity.min_cut(int, bytea) is
  'Global minimum cut of a graph given as packed edges. An edge is 16 bytes, little-endian: int32 source, int32 target, float64 weight. Otherwise as min_cut over arrays.';

revoke all on function integrity.min_cut(int, bytea) from public;
grant execute on function integrity.min_cut(int, bytea) to penstock_user;

create or replace function integrity.lambda2(
  node_count int,
  source int[],
  target int[],
  weight float8[]
)
returns float8
immutable
parallel restricted
cost 10000
set search_path = ''
language plpgsql
as $fn$
begin
  perform integrity._check_edge_arrays(node_count, source, target, weight);
  return integrity._lambda2(node_count, source, target, weight);
end
$fn$;

comment on function integrity.lambda2(int, int[], int[], float8[]) is
  'Algebraic connectivity: the second least eigenvalue of the weighted Laplacian, with a relative error of at most 1e-9. Exactly 0 for a disconnected graph, NULL below two nodes. Arguments and errors as for min_cut.';

revoke all on function integrity.lambda2(int, int[], int[], float8[]) from public;
grant execute on function integrity.lambda2(int, int[], int[], float8[]) to penstock_user;

create or replace function integrity.lambda2(
  node_count int,
  edges bytea
)
returns float8
immutable
parallel restricted
cost 10000
set search_path = ''
language plpgsql
as $fn$
begin
  if node_count is null or edges is null then
    raise exception 'expected a node count and edges as bytea, got NULL' using errcode = '22004';
  end if;
  return integrity._lambda2_bytes(node_count, edges);
end
$fn$;

comment on function integrity.lambda2(int, bytea) is
  'Algebraic connectivity of a graph given as packed edges, in the format of min_cut. Otherwise as lambda2 over arrays.';

revoke all on function integrity.lambda2(int, bytea) from public;
grant execute on function integrity.lambda2(int, bytea) to penstock_user;
