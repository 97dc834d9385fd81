create or replace function integrity._check_node_name(
  collection text,
  name text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  names text[];
begin
  if exists (select from integrity._nodes n where n.collection = _check_node_name.collection and n.name = _check_node_name.name) then
    return;
  end if;
  /* What was measured last is enough, and now only where that does not know the name. */
  if exists (
    select
    from integrity._samples m
    cross join lateral jsonb_array_elements(m.graph -> 'nodes') as node
    where m.collection = _check_node_name.collection
      and node ->> 'node_name' = _check_node_name.name
      and not (node -> 'user_added')::boolean
  ) then
    return;
  end if;
  select array_agg(node ->> 'node_name' order by node ->> 'node_name') into names
  from jsonb_array_elements((integrity._measure(collection)).graph -> 'nodes') as node;
  if not coalesce(_check_node_name.name = any (names), false) then
    raise exception using
      errcode = '42704',
      message = format('the graph of collection %L has no node %L', collection, left(_check_node_name.name, 100)),
      hint = format(
        'Its nodes: %s.',
        (select string_agg(quote_literal(n), ', ') || case when cardinality(names) > 50 then ' ...' else '' end from unnest(names[:50]) n)
      );
  end if;
end
$fn$;

comment on function integrity._check_node_name is
  'Raises 42704 with the known names when the contracted graph has no node of that name.';

create or replace function integrity._check_user_graph(
  collection text,
  node_id bigint,
  source text,
  target text,
  edge_type text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._contract(jsonb_build_object(
    'collection', collection,
    'measured_at_us', 0,
    'signals', '[]'::jsonb,
    'user_nodes', integrity._user_nodes(collection, node_id),
    'user_edges', integrity._user_edges(collection, source, target, edge_type)
  ));
end
$fn$;

comment on function integrity._check_user_graph is
  'Has the library read a node or an edge that was just added: what it refuses must be refused now, not at the next sample. Errors: 22023.';

create or replace function integrity._check_graph_size(
  collection text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  most_nodes constant int := 20000;
  most_edges constant int := 100000;
  nodes constant bigint := (select count(*) from integrity._nodes n where n.collection = _check_graph_size.collection);
  edges constant bigint := (select count(*) from integrity._edges e where e.collection = _check_graph_size.collection);
begin
  if nodes > most_nodes or edges > most_edges then
    raise exception using
      errcode = '54000',
      message = format('the graph of collection %L: expected at most %s added nodes and %s added edges, got %s and %s',
        collection, most_nodes, most_edges, nodes, edges),
      hint = 'Add one node for what is repaired as one thing. integrity.min_cut computes larger graphs, but no state follows them.';
  end if;
end
$fn$;

comment on function integrity._check_graph_size is
  'A sample of a larger graph might need more memory than JavaScript may have, and then fail for ever. Errors: 54000.';

revoke all on function
  integrity._check_node_name, integrity._check_user_graph, integrity._check_graph_size
  from public;
