create or replace function integrity.report_health(
  collection text,
  node text,
  health float8,
  hard boolean default false,
  error_rate float8 default 0,
  note text default null
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
  update integrity._nodes n
  set health = report_health.health,
      hard = report_health.hard,
      error_rate = report_health.error_rate,
      note = left(report_health.note, 1000),
      reported_at = clock_timestamp()
  where n.collection = report_health.collection and n.name = report_health.node;
  if not found then
    raise exception using
      errcode = '42704',
      message = format('nobody added a node %L to the graph of collection %L', left(node, 100), collection),
      hint = 'Add it with integrity.add_node first.';
  end if;
exception
  when check_violation or not_null_violation then
    raise exception using
      errcode = '22023',
      message = format('report_health: expected health and error_rate from 0 to 1 and hard as true or false, got %s, %s and %s',
        coalesce(health::text, 'NULL'), coalesce(error_rate::text, 'NULL'), coalesce(hard::text, 'NULL')),
      detail = sqlerrm;
end
$fn$;

comment on function integrity.report_health is
  'Reports the health of an added node, for the next sample. hard: it cannot work at all; only then may a required node make the state critical. Errors: 42704, 22023.';

create or replace function integrity.report_edge(
  collection text,
  source text,
  target text,
  edge_type text,
  health float8,
  hard boolean default false,
  error_rate float8 default 0,
  current_flow float8 default 0,
  latency_ms float8 default null
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
  update integrity._edges e
  set health = report_edge.health,
      hard = report_edge.hard,
      error_rate = report_edge.error_rate,
      current_flow = report_edge.current_flow,
      latency_ms = report_edge.latency_ms
  where e.collection = report_edge.collection
    and e.source = report_edge.source
    and e.target = report_edge.target
    and e.edge_type = report_edge.edge_type;
  if not found then
    raise exception using
      errcode = '42704',
      message = format('nobody added an edge %L - %L (%s) to the graph of collection %L',
        left(source, 100), left(target, 100), left(edge_type, 100), collection),
      hint = 'Add it with integrity.add_edge first.';
  end if;
exception
  when check_violation or not_null_violation then
    raise exception using
      errcode = '22023',
      message = format('report_edge: expected health and error_rate from 0 to 1, got %s and %s',
        coalesce(health::text, 'NULL'), coalesce(error_rate::text, 'NULL')),
      detail = sqlerrm;
end
$fn$;

comment on function integrity.report_edge is
  'Reports health, errors, flow and latency of an added edge, for the next sample. Errors: 42704, 22023.';

revoke all on function integrity.report_health, integrity.report_edge from public;
grant execute on function integrity.report_health, integrity.report_edge
  to penstock_admin, penstock_operator, penstock_worker;
