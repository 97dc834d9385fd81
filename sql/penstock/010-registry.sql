create table penstock._collections (
  id int generated always as identity primary key,
  name text not null unique,
  relation regclass not null unique,
  id_column name not null default 'id',
  id_type regtype not null default 'text',
  vector_column name not null default 'vector',
  metadata_column name default 'metadata',
  vector_type text not null,
  dimensions int not null,
  metric text not null,
  index_kind text not null,
  owned boolean not null,
  created_at timestamptz not null default now(),
  options jsonb not null default '{}',
  sealed boolean not null default false,
  constraint sane_name check (name ~ '^[A-Za-z_][A-Za-z0-9_.:-]{0,62}$'),
  constraint known_vector_type check (vector_type in ('vector', 'halfvec') or (sealed and vector_type in ('bit', 'bytea'))),
  constraint possible_dimensions check (dimensions between 1 and 16000),
  constraint known_metric check (metric in ('l2', 'cosine', 'ip', 'l1')),
  constraint known_index_kind check (index_kind in ('hnsw', 'ivfflat', 'none')),
  constraint options_are_an_object check (jsonb_typeof(options) = 'object')
);

comment on table penstock._collections is
  'The registry of collections. One row a collection; the table itself is a regclass, so that renames are followed and dumps carry names.';
comment on column penstock._collections.name is 'The name that every function of the API takes.';
comment on column penstock._collections.relation is 'The table that holds the vectors, partitioned or not.';
comment on column penstock._collections.id_column is 'Column whose text form is the id in the API.';
comment on column penstock._collections.id_type is 'SQL type of the id column. A regtype, so that nobody can put other SQL there.';
comment on column penstock._collections.vector_column is 'Column of type vector or halfvec.';
comment on column penstock._collections.metadata_column is 'Column of type jsonb; NULL when an adopted table has none.';
comment on column penstock._collections.vector_type is 'vector (4 bytes a dimension) or halfvec (2 bytes a dimension); of a sealed collection that of its tokens, or bytea where it has none.';
comment on column penstock._collections.metric is 'Distance of the collection: l2, cosine, ip (negative inner product) or l1.';
comment on column penstock._collections.index_kind is 'The vector index that this collection should have: hnsw, ivfflat or none.';
comment on column penstock._collections.owned is 'True when create_collection made the table, so that drop_collection may drop it.';
comment on column penstock._collections.sealed is 'True when clients seal the vectors: see penstock._sealed.';
comment on column penstock._collections.options is 'Index parameters and per-collection search defaults: m, ef_construction, lists, ef_search, probes.';

/*
 * Everyone who may use the schema may read the registry; writing a row takes the
 * rights of the owner of the table that it names. A row whose table is gone may be
 * removed by anyone: it refers to nothing.
 */
create or replace function penstock._owns(
  relation regclass
)
returns boolean
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return coalesce((
    select pg_catalog.pg_has_role(c.relowner, 'usage')
    from pg_catalog.pg_class c
    where c.oid = relation
  ), true);
end
$fn$;

comment on function penstock._owns is
  'Whether the current role has the rights of the owner of a table. True for a table that no longer exists.';

revoke all on function penstock._owns from public;
grant execute on function penstock._owns to penstock_user;

alter table penstock._collections enable row level security;
create policy anyone_reads on penstock._collections for select using (true);
create policy table_owner_inserts on penstock._collections for insert with check (penstock._owns(relation));
create policy table_owner_updates on penstock._collections for update using (penstock._owns(relation));
create policy table_owner_deletes on penstock._collections for delete using (penstock._owns(relation));

revoke all on penstock._collections from public;
grant select on penstock._collections to penstock_user;
grant insert (name, relation, id_column, id_type, vector_column, metadata_column, vector_type, dimensions, metric, index_kind, owned, options, sealed)
  on penstock._collections to penstock_user;
grant update (index_kind, options), delete on penstock._collections to penstock_user;

create or replace function penstock._near_names(
  name text
)
returns text
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  /* Three names that share the most pairs of letters with the one asked for. */
  return (
    select pg_catalog.string_agg(pg_catalog.quote_literal(near.name), ', ')
    from (
      select c.name
      from penstock._collections c,
        lateral (
          select pg_catalog.count(*) as shared
          from pg_catalog.generate_series(1, pg_catalog.length(_near_names.name) - 1) as i
          where pg_catalog.strpos(pg_catalog.lower(c.name), pg_catalog.lower(pg_catalog.substr(_near_names.name, i, 2))) > 0
        ) as pairs
      where pairs.shared > 0
      order by pairs.shared desc, c.name
      limit 3
    ) as near
  );
end
$fn$;

comment on function penstock._near_names is
  'Quoted names of up to three collections that look like the given one. NULL when none does.';

revoke all on function penstock._near_names from public;
grant execute on function penstock._near_names to penstock_user;

create or replace function penstock._collection(
  name text
)
returns penstock._collections
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  found_row penstock._collections;
  near text;
begin
  select c.* into found_row
  from penstock._collections c
  where c.name = _collection.name;
  /* NULL means that there is no such table: a look into a cache, for every search comes by here. */
  if found and pg_catalog.pg_table_is_visible(found_row.relation) is not null then
    return found_row;
  end if;

  if name is null then
    raise exception using
      errcode = '22004',
      message = 'expected the name of a collection, got NULL';
  end if;
  if exists (select from penstock._collections c where c.name = _collection.name) then
    raise exception using
      errcode = '42704',
      message = pg_catalog.format('the table of collection %L no longer exists', name),
      hint = pg_catalog.format('Restore the table, or forget the collection: select penstock.unregister(%L).', name);
  end if;
  near := penstock._near_names(name);
  raise exception using
    errcode = '42704',
    message = pg_catalog.format('collection %L does not exist', pg_catalog.left(name, 100)),
    hint = case
      when near is not null then 'Did you mean ' || near || '? All names: select name from penstock.collections.'
      else 'Create it with penstock.create_collection(name, dimensions), or adopt a table with penstock.register(name, table).'
    end;
end
$fn$;

comment on function penstock._collection is
  'The registry row of a collection. Raises 42704 with a HINT when the name is unknown or its table is gone, 22004 for NULL.';

revoke all on function penstock._collection from public;
grant execute on function penstock._collection to penstock_user;
