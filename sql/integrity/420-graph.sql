create or replace function integrity.contracted_graph(
  collection text
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  measured constant integrity._measurement := integrity._last_measurement(collection);
begin
  return measured.witness -> 'graph';
end
$fn$;

comment on function integrity.contracted_graph is
  'The graph of the last sample as JSON: nodes (type, id, name, health), edges (source, target, type, capacity, error_rate; witness marks the minimum cut), node_count, edge_count. Errors: 42704.';

create or replace function integrity.graph_dot(
  collection text
)
returns text
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return integrity._graph_dot(integrity.contracted_graph(collection));
end
$fn$;

comment on function integrity.graph_dot is
  'The contracted graph for Graphviz, the edges of the minimum cut in red. Errors: 42704.';

create or replace function integrity.graph_mermaid(
  collection text
)
returns text
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return integrity._graph_mermaid(integrity.contracted_graph(collection));
end
$fn$;

comment on function integrity.graph_mermaid is
  'The contracted graph as a Mermaid flowchart, the edges of the minimum cut in red. Errors: 42704.';

create or replace function integrity.rebuild_graph(
  collection text
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  recorded jsonb;
  taken jsonb;
begin
  perform integrity._locked_state(collection);
  recorded := integrity._record_inventory(collection, 'rebuild_graph', true);
  perform integrity._append_event('inventory', collection, recorded);
  taken := integrity.sample(collection);
  return recorded || jsonb_build_object(
    'node_count', integrity.contracted_graph(collection) -> 'node_count',
    'edge_count', integrity.contracted_graph(collection) -> 'edge_count',
    'state', taken -> 'state',
    'lambda_cut', taken -> 'lambda_cut'
  );
end
$fn$;

comment on function integrity.rebuild_graph is
  'Takes what the catalogs show now as what the collection should be: partitions and indexes that are gone on purpose are forgotten. Then samples. The history keeps what was forgotten. Errors: 42704.';

revoke all on function
  integrity.contracted_graph, integrity.graph_dot, integrity.graph_mermaid, integrity.rebuild_graph
  from public;
grant execute on function integrity.contracted_graph, integrity.graph_dot, integrity.graph_mermaid
  to penstock_admin, penstock_operator, penstock_worker, penstock_user;
grant execute on function integrity.rebuild_graph to penstock_admin, penstock_operator;
