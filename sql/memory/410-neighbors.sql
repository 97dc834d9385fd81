/*
 * Spreading activation (Collins, Loftus: "A Spreading-Activation Theory of Semantic
 * Processing", 1975). Each hop multiplies by 0.7 and the weight of the edge; below 0.1 it
 * ends; of several ways to a memory the best counts. Each hop keeps one row a memory, so
 * circles and crowded neighbourhoods cost no more than the memories that are reached.
 */
create or replace function memory.get_neighbors(
  id uuid,
  depth int default 3,
  direction text default 'both',
  types text[] default null,
  decay float8 default 0.7,
  threshold float8 default 0.1,
  "limit" int default 100
)
returns table (memory_id uuid, content text, node_type text, activation float8, hops int)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set jit = off
language plpgsql
as $fn$
begin
  perform memory._own(id, 'read', false);
  perform memory._check_direction(direction);
  if (depth between 1 and 10) is not true or not coalesce(decay > 0 and decay <= 1 and threshold > 0 and threshold <= 1, false)
    or ("limit" between 1 and 10000) is not true
  then
    raise exception using errcode = '22023',
      message = format('expected depth from 1 to 10, decay and threshold above 0 up to 1, limit from 1 to 10000, got %s, %s, %s, %s',
        depth, decay, threshold, "limit");
  end if;
  return query
    with recursive spread (reached, activation, hops) as (
      select get_neighbors.id, 1::float8, 0
      union all
      select *
      from (
        select distinct on (e.neighbor) e.neighbor, s.activation * get_neighbors.decay * e.weight, s.hops + 1
        from spread s
        cross join lateral (
          select o.target_id as neighbor, o.weight
          from memory.edges o
          where o.source_id = s.reached and direction <> 'in' and (types is null or o.type = any (types))
          union all
          select i.source_id, i.weight
          from memory.edges i
          where i.target_id = s.reached and direction <> 'out' and (types is null or i.type = any (types))
        ) e
        where s.hops < depth
          and s.activation * get_neighbors.decay * e.weight >= threshold
          and e.neighbor <> get_neighbors.id
        order by e.neighbor, s.activation * get_neighbors.decay * e.weight desc
      ) hop
    ), best as materialized (
      select distinct on (s.reached) s.reached, s.activation, s.hops
      from spread s
      where s.hops > 0
      order by s.reached, s.activation desc, s.hops
    )
    /* The most active first, looked up one by one until there are enough that are current. */
    select m.id, m.content, m.node_type, b.activation, b.hops
    from (select * from best order by best.activation desc, best.reached) b
    join memory.memories m on m.id = b.reached
    where m.superseded_by is null
      and (m.valid_until is null or m.valid_until > now())
    order by b.activation desc, b.reached
    limit "limit";
end
$fn$;

comment on function memory.get_neighbors is
  'Memories that come to mind with one, by spreading activation over its edges: each hop multiplies by decay and the weight of the edge, what falls below threshold is left out, the best way counts. The most active first; superseded and expired memories pass activation on and are not returned. Errors: P0002, 22023.';

revoke all on function memory.get_neighbors from public;
grant execute on function memory.get_neighbors to penstock_user;
