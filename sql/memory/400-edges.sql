create or replace function memory.add_edge(
  source_id uuid,
  target_id uuid,
  type text default 'related',
  weight float8 default 1
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  namespace constant text := memory._own(source_id, 'graph_edge_add');
begin
  if source_id = target_id then
    raise exception using errcode = '22023', message = format('expected two memories, got %s twice', source_id);
  end if;
  if memory._own(target_id, 'graph_edge_add') <> namespace then
    raise exception using errcode = '22023', message = 'expected two memories of one namespace';
  end if;
  if type is null or octet_length(type) not between 1 and 128 then
    raise exception using errcode = '22023', message = 'expected a type of 1 to 128 bytes';
  end if;
  if weight is null or not (weight > 0 and weight <= 1) then
    raise exception using errcode = '22023', message = format('expected a weight above 0 up to 1, got %s', coalesce(weight::text, 'NULL'));
  end if;
  insert into memory.edges (source_id, target_id, type, namespace, weight)
  values (add_edge.source_id, add_edge.target_id, add_edge.type, namespace, add_edge.weight)
  on conflict on constraint edges_pkey do update set weight = excluded.weight;
end
$fn$;

comment on function memory.add_edge is
  'Relates two memories of one namespace; where the relation of that type is there, sets its weight. Errors: P0002 for an unknown memory, 22023 for twice the same or a weight outside 0 to 1.';

create or replace function memory.add_edges(
  edges jsonb,
  namespace text default null
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  written bigint;
begin
  namespace := memory._enter(namespace, 'graph_edge_add', true);
  insert into memory.edges (source_id, target_id, type, namespace, weight, created_at)
  select distinct on (e.source_id, e.target_id, coalesce(e.type, 'related'))
    e.source_id, e.target_id, coalesce(e.type, 'related'), add_edges.namespace, coalesce(e.weight, 1), coalesce(e.created_at, now())
  from jsonb_to_recordset(edges) as e (source_id uuid, target_id uuid, type text, weight float8, created_at timestamptz)
  join memory.memories s on s.id = e.source_id and s.namespace = add_edges.namespace
  join memory.memories t on t.id = e.target_id and t.namespace = add_edges.namespace
  order by e.source_id, e.target_id, coalesce(e.type, 'related')
  on conflict on constraint edges_pkey do update set weight = excluded.weight;
  get diagnostics written = row_count;
  return written;
end
$fn$;

comment on function memory.add_edges is
  'Relates memories, from a JSON array of source_id, target_id, type, weight and created_at, and returns how many edges were written. Edges to unknown memories are left out: compare the number. For copies and imports.';

create or replace function memory.get_edges(
  id uuid,
  direction text default 'both',
  types text[] default null
)
returns table (source_id uuid, target_id uuid, type text, weight float8, created_at timestamptz)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform memory._own(id, 'read', false);
  perform memory._check_direction(direction);
  return query
    select e.source_id, e.target_id, e.type, e.weight, e.created_at
    from memory.edges e
    where (
        (direction <> 'in' and e.source_id = get_edges.id)
        or (direction <> 'out' and e.target_id = get_edges.id)
      )
      and (types is null or e.type = any (types))
    order by e.weight desc, e.source_id, e.target_id, e.type;
end
$fn$;

comment on function memory.get_edges is
  'The edges of a memory: out, in or both, the strongest first. Errors: P0002, 22023.';

create or replace function memory._check_direction(
  direction text
)
returns void
immutable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  if direction is null or direction not in ('out', 'in', 'both') then
    raise exception using errcode = '22023',
      message = format('expected direction to be out, in or both, got %L', left(direction, 100));
  end if;
end
$fn$;

comment on function memory._check_direction is
  'Raises 22023 unless a direction is out, in or both.';

create or replace function memory.remove_edge(
  source_id uuid,
  target_id uuid,
  type text default null
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  removed bigint;
begin
  perform memory._own(source_id, 'graph_edge_remove');
  delete from memory.edges e
  where e.source_id = remove_edge.source_id
    and e.target_id = remove_edge.target_id
    and (remove_edge.type is null or e.type = remove_edge.type);
  get diagnostics removed = row_count;
  return removed;
end
$fn$;

comment on function memory.remove_edge is
  'Removes the edge of one type, or of every type, and returns how many there were. Errors: P0002 for an unknown source.';

revoke all on function
  memory.add_edge, memory.add_edges, memory.get_edges, memory._check_direction, memory.remove_edge
  from public;
grant execute on function memory.add_edge, memory.add_edges, memory.get_edges, memory.remove_edge to penstock_user;
