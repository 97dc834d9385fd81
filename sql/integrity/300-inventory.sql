create or replace function integrity._vector_indexes(
  leaf oid,
  vector_column name
)
returns table (
  index_name text,
  is_valid boolean
)
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return query
  select c.relname::text, i.indisvalid and i.indisready
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_am method on method.oid = c.relam
  left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
  where i.indrelid = leaf
    and method.amname not in ('btree', 'hash')
    and (a.attname = vector_column or (i.indkey[0] = 0 and method.amname in ('hnsw', 'ivfflat')))
  order by c.relname;
end
$fn$;

comment on function integrity._vector_indexes is
  'Indexes of a leaf that can answer a nearest-neighbour search on the vector column, expressions such as binary quantisation included.';

create or replace function integrity._record_inventory(
  collection text,
  occasion text,
  forget boolean default false
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  registered constant penstock._collections := penstock._collection(collection);
  added text[];
  newly_indexed text[];
  forgotten text[] := '{}';
  unindexed text[] := '{}';
begin
  /* A leaf renamed, or made anew under its old name, is still the same member. */
  update integrity._inventory i
  set member = m.member,
      relation = m.oid::regclass,
      foreign_server = s.srvname
  from integrity._members(registered.relation) m
  left join pg_catalog.pg_foreign_table f on f.ftrelid = m.oid
  left join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
  where i.collection = _record_inventory.collection
    and m.is_leaf
    and (m.oid = i.relation or m.member = i.member)
    and (i.member, i.relation::oid, i.foreign_server) is distinct from (m.member, m.oid, s.srvname::text)
    and not exists (
      select
      from integrity._inventory taken
      where taken.collection = i.collection
        and taken.member <> i.member
        and (taken.member = m.member or taken.relation = m.oid)
    );

  with new_rows as (
    insert into integrity._inventory as i (collection, member, relation, foreign_server, recorded_by)
    select _record_inventory.collection, m.member, m.oid::regclass, s.srvname, occasion
    from integrity._members(registered.relation) m
    left join pg_catalog.pg_foreign_table f on f.ftrelid = m.oid
    left join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
    where m.is_leaf
    on conflict on constraint _inventory_pkey do nothing
    returning i.member
  )
  select coalesce(array_agg(n.member order by n.member), '{}') into added from new_rows n;

  with changed as (
    update integrity._inventory i
    set vector_index = seen.index_name
    from (
      select m.member, min(v.index_name) as index_name
      from integrity._members(registered.relation) m
      cross join lateral integrity._vector_indexes(m.oid, registered.vector_column) v
      where m.is_leaf and v.is_valid
      group by m.member
    ) as seen
    where i.collection = _record_inventory.collection and i.member = seen.member and i.vector_index is null
    returning i.member
  )
  select coalesce(array_agg(c.member order by c.member), '{}') into newly_indexed from changed c;

  perform integrity._record_builds(registered);
  if forget then
    with gone as (
      delete from integrity._inventory i
      where i.collection = _record_inventory.collection
        and not exists (
          select from integrity._members(registered.relation) m where m.is_leaf and m.member = i.member
        )
      returning i.member
    )
    select coalesce(array_agg(g.member order by g.member), '{}') into forgotten from gone g;

    with changed as (
      update integrity._inventory i
      set vector_index = null
      where i.collection = _record_inventory.collection
        and i.vector_index is not null
        and not exists (
          select from integrity._vector_indexes(i.relation, registered.vector_column) v where v.is_valid
        )
      returning i.member
    )
    select coalesce(array_agg(c.member order by c.member), '{}') into unindexed from changed c;
  end if;
  return jsonb_build_object(
    'added', to_jsonb(added),
    'indexed', to_jsonb(newly_indexed),
    'forgotten', to_jsonb(forgotten),
    'index_forgotten', to_jsonb(unindexed)
  ) || case when integrity._is_embedded() then '{}' else integrity._record_replicas(forget) end;
end
$fn$;

comment on function integrity._record_inventory is
  'Adds what the catalogs show to the inventory of a collection and of the replicas of this server; forget also removes what they no longer show. Returns what changed.';

revoke all on function integrity._vector_indexes, integrity._record_inventory from public;
