create or replace function integrity.add_node(
  collection text,
  node_type text,
  name text,
  class text default 'degradable',
  health float8 default 1,
  node_data jsonb default '{}'
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  new_id bigint;
begin
  perform integrity._locked_state(collection);
  select coalesce(max(n.id), 0) + 1 into new_id from integrity._nodes n where n.collection = add_node.collection;
  if exists (select from integrity._nodes n where n.collection = add_node.collection and n.name = add_node.name) then
    raise exception using
      errcode = '42710',
      message = format('the graph of collection %L already has an added node %L', collection, add_node.name),
      hint = 'Report its health with integrity.report_health, or remove it first.';
  end if;
  begin
    insert into integrity._nodes (collection, id, node_type, name, class, health, hard, error_rate, node_data)
    values (
      add_node.collection, new_id, add_node.node_type, add_node.name, add_node.class, add_node.health, false, 0,
      coalesce(add_node.node_data, '{}')
    );
  exception
    when check_violation or not_null_violation then
      raise exception using
        errcode = '22023',
        message = format('add_node: expected a known type, a name, a known class and a health from 0 to 1, got %L, %L, %L and %s',
          add_node.node_type, add_node.name, add_node.class, coalesce(add_node.health::text, 'NULL')),
        detail = sqlerrm,
        hint = 'Types: partition, centroid, shard, maintenance_dep, replication_target, index, gateway. Classes: required, degradable, advisory.';
  end;
  perform integrity._check_graph_size(collection);
  perform integrity._check_user_graph(collection, new_id, null, null, null);
  return new_id;
end
$fn$;

comment on function integrity.add_node is
  'Adds a node that the catalogs do not know: a service, a queue, another shard. Without an edge it hangs from this server. Returns its id; the graph shows 1,000,000 more. Errors: 42704, 42710, 22023, 54000 more than 20,000 nodes.';

create or replace function integrity.add_edge(
  collection text,
  source text,
  target text,
  edge_type text,
  capacity float8 default 1,
  class text default 'degradable'
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._locked_state(collection);
  perform integrity._check_node_name(collection, source);
  perform integrity._check_node_name(collection, target);
  begin
    insert into integrity._edges as e (collection, source, target, edge_type, capacity, class)
    values (add_edge.collection, add_edge.source, add_edge.target, add_edge.edge_type, add_edge.capacity, add_edge.class)
    on conflict on constraint _edges_pkey do update
    set capacity = excluded.capacity,
        class = excluded.class;
  exception
    when check_violation or not_null_violation then
      raise exception using
        errcode = '22023',
        message = format('add_edge: expected two nodes, a known type, a capacity from 0 to 1e9 and a known class, got %L, %L, %L, %s and %L',
          add_edge.source, add_edge.target, add_edge.edge_type, coalesce(add_edge.capacity::text, 'NULL'), add_edge.class),
        detail = sqlerrm,
        hint = 'Types: partition_link, routing_link, dependency, replication. Classes: required, degradable, advisory.';
  end;
  perform integrity._check_graph_size(collection);
  perform integrity._check_user_graph(collection, null, source, target, edge_type);
end
$fn$;

comment on function integrity.add_edge is
  'Joins two nodes of the contracted graph, named as the graph shows them; again changes capacity and class. lambda_cut is then the cut over the cut of the same graph at full health. Errors: 42704, 22023, 54000 more than 100,000 edges.';

create or replace function integrity.remove_node(
  collection text,
  name text
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._locked_state(collection);
  delete from integrity._nodes n where n.collection = remove_node.collection and n.name = remove_node.name;
  if not found then
    raise exception using
      errcode = '42704',
      message = format('nobody added a node %L to the graph of collection %L', left(remove_node.name, 100), collection),
      hint = 'Only added nodes can be removed; what is in the catalogs is measured.';
  end if;
  delete from integrity._edges e
  where e.collection = remove_node.collection and remove_node.name in (e.source, e.target);
end
$fn$;

comment on function integrity.remove_node is
  'Removes an added node and the added edges that end at it. Errors: 42704.';

create or replace function integrity.remove_edge(
  collection text,
  source text,
  target text,
  edge_type text
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._locked_state(collection);
  delete from integrity._edges e
  where e.collection = remove_edge.collection
    and e.source = remove_edge.source
    and e.target = remove_edge.target
    and e.edge_type = remove_edge.edge_type;
  if not found then
    raise exception using
      errcode = '42704',
      message = format('nobody added an edge %L - %L (%s) to the graph of collection %L',
        left(remove_edge.source, 100), left(remove_edge.target, 100), left(remove_edge.edge_type, 100), collection),
      hint = 'Name it as it was added: source, target, type.';
  end if;
end
$fn$;

comment on function integrity.remove_edge is
  'Removes an added edge. Errors: 42704.';

revoke all on function
  integrity.add_node, integrity.add_edge, integrity.remove_node, integrity.remove_edge
  from public;
grant execute on function integrity.add_node, integrity.add_edge, integrity.remove_node, integrity.remove_edge
  to penstock_admin, penstock_operator;
