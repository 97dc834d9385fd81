create or replace function penstock._index_tree(
  collection penstock._collections
)
returns table (
  relation regclass,
  parent regclass,
  level int,
  is_leaf boolean,
  index regclass,
  usable boolean,
  parent_index regclass
)
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return query
  select tree.relid::regclass, tree.parentrelid::regclass, tree.level, tree.isleaf, found.index, found.usable, found.parent_index
  from pg_catalog.pg_class c
  cross join lateral (
    select t.relid, t.parentrelid, t.level, t.isleaf from pg_catalog.pg_partition_tree(c.oid) t where c.relkind = 'p'
    union all
    select c.oid, null, 0, true where c.relkind <> 'p'
  ) as tree
  join pg_catalog.pg_class member on member.oid = tree.relid and member.relkind <> 'f'
  left join lateral (
    select i.indexrelid::regclass as index, i.indisvalid and i.indisready as usable, h.inhparent::regclass as parent_index
    from pg_catalog.pg_index i
    join pg_catalog.pg_attribute a
      on a.attrelid = tree.relid and a.attname = collection.vector_column and not a.attisdropped and i.indkey[0] = a.attnum
    join pg_catalog.pg_opclass o on o.oid = i.indclass[0]
    join pg_catalog.pg_am m on m.oid = o.opcmethod
    join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    left join pg_catalog.pg_inherits h on h.inhrelid = i.indexrelid
    where i.indrelid = tree.relid
      and i.indnatts = 1
      and i.indpred is null
      and m.amname = collection.index_kind
      and o.opcname = penstock._operator_class(collection.vector_type, collection.metric)
      /* What a rebuild that was cancelled leaves behind is never the index itself. */
      and (i.indisvalid or ic.relname !~ '_cc(new|old)[0-9]*$')
    order by i.indisvalid desc, h.inhparent is null, i.indexrelid
    limit 1
  ) as found on true
  where c.oid = collection.relation
  order by tree.level, tree.relid;
end
$fn$;

comment on function penstock._index_tree is
  'The table of a collection and, when it is partitioned, every partition that can have an index, parents first, each with its index of the collection''s kind and metric, if there is one. usable: valid, of a partitioned table: complete.';

create or replace function penstock._index_leftovers(
  collection penstock._collections
)
returns setof regclass
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return query
  select i.indexrelid::regclass
  from penstock._index_tree(collection) t
  join pg_catalog.pg_index i on i.indrelid = t.relation and not (i.indisvalid and i.indisready)
  join pg_catalog.pg_class c on c.oid = i.indexrelid and c.relkind = 'i'
  join pg_catalog.pg_am m on m.oid = c.relam and m.amname in ('hnsw', 'ivfflat')
  /* An attached index goes with its parent; it is repaired instead. */
  where not exists (select from pg_catalog.pg_inherits h where h.inhrelid = i.indexrelid)
    and not exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
  order by i.indexrelid;
end
$fn$;

comment on function penstock._index_leftovers is
  'Vector indexes on the tables of a collection that PostgreSQL marks INVALID and nobody is building: what a cancelled or failed build leaves behind.';

create or replace function penstock._free_index_name(
  relation regclass,
  kind text
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  wanted text;
begin
  for attempt in 0 .. 1000 loop
    select
      case
        when attempt = 0 and pg_catalog.octet_length(c.relname) < 50 then c.relname || '_' || kind
        else pg_catalog.format('penstock_%s_%s_%s', relation::oid, kind, attempt)
      end
    into wanted
    from pg_catalog.pg_class c
    where c.oid = relation;
    if not exists (
      select
      from pg_catalog.pg_class other
      join pg_catalog.pg_class c on c.oid = relation and other.relnamespace = c.relnamespace
      where other.relname = wanted
    ) then
      return wanted;
    end if;
  end loop;
  raise exception using errcode = '42710', message = pg_catalog.format('found no free name for an index on %s', relation);
end
$fn$;

comment on function penstock._free_index_name is
  'A name for an index that nothing in the schema of the table has.';

revoke all on function penstock._index_tree, penstock._index_leftovers, penstock._free_index_name from public;
grant execute on function penstock._index_tree, penstock._index_leftovers, penstock._free_index_name to penstock_user;
