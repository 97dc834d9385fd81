create or replace view penstock.collections
with (security_invoker = true)
as
select
  c.name,
  c.relation as "table",
  r.oid is null as table_is_gone,
  c.dimensions,
  c.metric,
  c.vector_type,
  c.index_kind,
  c.id_column,
  c.vector_column,
  c.metadata_column,
  c.owned,
  r.relkind = 'p' as partitioned,
  c.options,
  c.created_at,
  c.sealed
from penstock._collections c
left join pg_catalog.pg_class r on r.oid = c.relation;

comment on view penstock.collections is
  'Every collection with its table, dimensions, metric and index. The public way to read the registry.';
comment on column penstock.collections.table_is_gone is 'True when somebody dropped the table: unregister the name to use it again.';
comment on column penstock.collections.index_kind is 'The vector index that the collection should have; penstock.index_use shows what is there.';
comment on column penstock.collections.owned is 'True when create_collection made the table; false for an adopted one.';
comment on column penstock.collections.sealed is 'True when clients seal the vectors; penstock.sealed_collections says how.';

revoke all on penstock.collections from public;
grant select on penstock.collections to penstock_user;

create or replace view penstock._tables
with (security_invoker = true)
as
select c.id as collection_id, c.name, t."table"
from penstock._collections c
cross join lateral (
  select c.relation as "table"
  union
  select p.relid from pg_catalog.pg_partition_tree(c.relation) as p
) as t
where exists (select from pg_catalog.pg_class r where r.oid = t."table");

comment on view penstock._tables is
  'The tables behind each collection: the registered one and, where it has partitions, these.';

revoke all on penstock._tables from public;
grant select on penstock._tables to penstock_user;
