create or replace function penstock._column(
  relation regclass,
  column_name name,
  purpose text
)
returns pg_catalog.pg_attribute
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  found_column pg_catalog.pg_attribute;
begin
  select a.* into found_column
  from pg_catalog.pg_attribute a
  where a.attrelid = relation and a.attname = column_name and a.attnum > 0 and not a.attisdropped;
  if not found then
    raise exception using errcode = '42703',
      message = pg_catalog.format('expected the %s column %I in table %s, found none', purpose, column_name, relation),
      hint = (
        select 'Columns: ' || coalesce(pg_catalog.string_agg(
          pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum), 'none')
        from pg_catalog.pg_attribute a
        where a.attrelid = relation and a.attnum > 0 and not a.attisdropped
      );
  end if;
  return found_column;
end
$fn$;

comment on function penstock._column is
  'The catalog row of a column, or 42703 with a HINT that lists the columns of the table.';

create or replace function penstock.register(
  name text,
  "table" regclass,
  id_column name default 'id',
  vector_column name default 'vector',
  metadata_column name default 'metadata',
  metric text default null,
  dimensions int default null
)
returns void
volatile
parallel unsafe
set search_path = ''
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  relation alias for $2;
  id_attribute pg_catalog.pg_attribute;
  vector_attribute pg_catalog.pg_attribute;
  vector_type text;
  existing record;
begin
  perform penstock._check_new_name(name);
  if relation is null then
    raise exception using errcode = '22004', message = 'expected a table, got NULL';
  end if;
  if not exists (select from pg_catalog.pg_class c where c.oid = relation) then
    raise exception using errcode = '42P01', message = pg_catalog.format('expected a table, got %s, which does not exist', relation);
  end if;
  if (select c.relkind from pg_catalog.pg_class c where c.oid = relation) not in ('r', 'p') then
    raise exception using errcode = '42809',
      message = pg_catalog.format('expected a table or a partitioned table, but %s is neither', relation);
  end if;
  select c.name into existing from penstock._collections c where c.relation = register."table";
  if found then
    raise exception using errcode = '42710',
      message = pg_catalog.format('table %s is already the collection %L', relation, existing.name);
  end if;
  if not penstock._owns(relation) then
    raise exception using errcode = '42501',
      message = pg_catalog.format('only the owner of table %s may register it', relation);
  end if;
  /* Holds the table while the catalogs are read; conflicts only with DDL. */
  execute pg_catalog.format('lock table %s in access share mode', relation);

  id_attribute := penstock._column(relation, id_column, 'id');
  vector_attribute := penstock._column(relation, vector_column, 'vector');
  select t.typname into vector_type
  from pg_catalog.pg_type t
  where t.oid = vector_attribute.atttypid
    and t.typname in ('vector', 'halfvec')
    and t.typnamespace::regnamespace::text = penstock._vector_schema();
  if vector_type is null then
    raise exception using errcode = '42804',
      message = pg_catalog.format('expected %I to be a vector or halfvec, but it is a %s', vector_column,
        pg_catalog.format_type(vector_attribute.atttypid, vector_attribute.atttypmod));
  end if;
  if metadata_column is not null and (penstock._column(relation, metadata_column, 'metadata')).atttypid <> 'jsonb'::regtype then
    raise exception using errcode = '42804',
      message = pg_catalog.format('expected %I to be jsonb, but it is not', metadata_column),
      hint = 'Pass metadata_column => null for a table without metadata.';
  end if;

  if dimensions is null and vector_attribute.atttypmod = -1 then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected a dimension: column %I of %s is declared without one', vector_column, relation),
      hint = 'Pass dimensions => n.';
  end if;
  if dimensions is not null and vector_attribute.atttypmod not in (-1, dimensions) then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected %s dimensions, but column %I has %s', dimensions, vector_column, vector_attribute.atttypmod);
  end if;
  dimensions := coalesce(dimensions, vector_attribute.atttypmod);

  select m.amname as kind,
    pg_catalog.split_part(o.opcname, '_', 2) as metric,
    (select pg_catalog.jsonb_object_agg(r.option_name, r.option_value::int) from pg_catalog.pg_options_to_table(i.reloptions) as r) as options
  into existing
  from pg_catalog.pg_index x
  join pg_catalog.pg_class i on i.oid = x.indexrelid
  join pg_catalog.pg_opclass o on o.oid = x.indclass[0]
  join pg_catalog.pg_am m on m.oid = i.relam
  where x.indrelid = relation
    and x.indnatts = 1
    and x.indkey[0] = vector_attribute.attnum
    and m.amname in ('hnsw', 'ivfflat')
    and coalesce(register.metric, pg_catalog.split_part(o.opcname, '_', 2)) = pg_catalog.split_part(o.opcname, '_', 2)
  order by x.indisvalid desc, x.indexrelid
  limit 1;
  if not found then
    raise notice using
      message = pg_catalog.format('no vector index%s on %s: searches are exact', coalesce(' for ' || metric, ''), relation),
      hint = pg_catalog.format('select penstock.build_index(%L, index => ''hnsw'')', name);
  end if;
  metric := coalesce(metric, existing.metric, 'cosine');
  perform penstock._check_index(vector_type, dimensions, metric, coalesce(existing.kind, 'none'));
  if not exists (
    select from pg_catalog.pg_index x
    where x.indrelid = relation and x.indisunique and x.indpred is null and x.indnkeyatts = 1 and x.indkey[0] = id_attribute.attnum
  ) then
    raise notice using
      message = pg_catalog.format('no unique index on %I alone: upsert will be refused by the table', id_column);
  end if;

  insert into penstock._collections
    (name, relation, id_column, id_type, vector_column, metadata_column, vector_type, dimensions, metric, index_kind, owned, options)
  values (name, relation, id_column, id_attribute.atttypid, vector_column,
    metadata_column, vector_type, dimensions, metric, coalesce(existing.kind, 'none'), false, coalesce(existing.options, '{}'));
end
$fn$;

comment on function penstock.register is
  'Adopts a table that exists as a collection: reads catalogs only, never the rows, and changes nothing in it. Takes an ACCESS SHARE lock with a lock_timeout of 2 s. The metric is that of an existing vector index, else cosine. The caller must own the table.';

revoke all on function penstock._column from public;
revoke all on function penstock.register from public;
grant execute on function penstock._column to penstock_user;
grant execute on function penstock.register to penstock_user;
