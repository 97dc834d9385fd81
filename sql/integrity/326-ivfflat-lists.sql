/* The lists of an IVFFlat index, read from its pages. Layout: src/ivfflat.h of pgvector; src/include/storage/bufpage.h. */
create or replace function integrity._ivfflat_indexes(
  registered penstock._collections
)
returns table (
  member text,
  index_relation regclass,
  leaf regclass
)
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return query
  select c.oid::regclass::text, c.oid::regclass, m.oid::regclass
  from integrity._members(registered.relation) m
  join pg_catalog.pg_index i on i.indrelid = m.oid
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_am method on method.oid = c.relam
  where m.is_leaf and method.amname = 'ivfflat' and i.indisvalid and i.indisready;
end
$fn$;

comment on function integrity._ivfflat_indexes is 'Valid IVFFlat indexes of the leaves of a collection.';

create or replace function integrity._page_number(
  page bytea,
  at_byte int
)
returns bigint
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  /* The byte order of every machine that PostgreSQL is packaged for with pgvector. */
  return get_byte(page, at_byte) + (get_byte(page, at_byte + 1) << 8) + (get_byte(page, at_byte + 2) << 16)
    + (get_byte(page, at_byte + 3)::bigint << 24);
end
$fn$;

comment on function integrity._page_number is 'An unsigned number of four bytes on a page, little-endian.';

create or replace function integrity._ivfflat_list_rows(
  index_relation regclass,
  max_lists int default 32,
  max_pages int default 16384
)
returns bigint[]
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  read_page constant text := (
    select format('select %I.get_raw_page($1, $2)', n.nspname)
    from pg_catalog.pg_extension e
    join pg_catalog.pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'pageinspect'
  );
  no_block constant bigint := 4294967295;
  page_size constant int := current_setting('block_size')::int;
  starts bigint[] := '{}';
  bucket_rows bigint[] := '{}';
  page bytea;
  block bigint := 1;
  line_pointer bigint;
  list_count int;
  pages_left int := max_pages;
  row_count bigint;
begin
  if read_page is null then
    raise exception using errcode = '0A000', message = 'the extension pageinspect is not installed';
  end if;
  /* The pages of lists, from block 1 on: start page, page to insert into, centroid. */
  while block <> no_block loop
    execute read_page into page using index_relation::text, block;
    for item in 0 .. (get_byte(page, 12) + (get_byte(page, 13) << 8) - 24) / 4 - 1 loop
      line_pointer := integrity._page_number(page, 24 + 4 * item);
      starts := starts || integrity._page_number(page, (line_pointer & 32767)::int);
    end loop;
    block := integrity._page_number(page, page_size - 8);
  end loop;

  list_count := cardinality(starts);
  for list in 0 .. least(list_count, max_lists) - 1 loop
    /* Every list where there are few, else as many, evenly spread. */
    block := starts[1 + list * list_count / least(list_count, max_lists)];
    row_count := 0;
    while block <> no_block loop
      pages_left := pages_left - 1;
      if pages_left < 0 then
        return bucket_rows;
      end if;
      execute read_page into page using index_relation::text, block;
      row_count := row_count + (get_byte(page, 12) + (get_byte(page, 13) << 8) - 24) / 4;
      block := integrity._page_number(page, page_size - 8);
    end loop;
    bucket_rows := bucket_rows || row_count;
  end loop;
  return bucket_rows;
end
$fn$;

comment on function integrity._ivfflat_list_rows is
  'Rows in up to 32 lists of an IVFFlat index, evenly spread over all of them; fewer when they fill more pages than max_pages. Needs pageinspect and a superuser. Errors: 0A000, 42501.';

create or replace function integrity._record_builds(
  registered penstock._collections
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  insert into integrity._probes as known (kind, collection, member, result)
  select
    'ivfflat_lists', registered.name, v.member,
    jsonb_build_object('filenode', pg_relation_filenode(v.index_relation), 'rows_at_build', greatest(c.reltuples, 0)::bigint)
  from integrity._ivfflat_indexes(registered) v
  join pg_catalog.pg_class c on c.oid = v.index_relation
  on conflict on constraint _probes_kind_collection_member_key do update
  set result = known.result || excluded.result
  where known.result -> 'filenode' is distinct from excluded.result -> 'filenode';
end
$fn$;

comment on function integrity._record_builds is
  'Keeps how many rows an IVFFlat index had when it was built, which the catalog says only until the next VACUUM or ANALYZE.';

create or replace function integrity._measure_ivfflat(
  collection text,
  member text
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  target constant record := (
    select v from integrity._ivfflat_indexes(penstock._collection(collection)) v where v.member = _measure_ivfflat.member
  );
  /* Statistics come late to rows that were just written; then what the last ANALYZE said will do. */
  live_rows constant bigint := (
    select coalesce(nullif(s.n_live_tup, 0), greatest(c.reltuples, 0)::bigint)
    from pg_catalog.pg_class c
    left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
    where c.oid = target.leaf
  );
  bucket_rows bigint[] := '{}';
  note text;
begin
  begin
    bucket_rows := integrity._ivfflat_list_rows(target.index_relation);
  exception
    when feature_not_supported or insufficient_privilege then
      note := 'list sizes are not measured: ' || sqlerrm;
  end;
  perform integrity._record_builds(penstock._collection(collection));
  return jsonb_build_object('rows_now', live_rows, 'bucket_rows', bucket_rows, 'note', note);
end
$fn$;

comment on function integrity._measure_ivfflat is
  'Rows of the table of an IVFFlat index now, and of up to 32 of its lists where pageinspect may be used.';

revoke all on function
  integrity._ivfflat_indexes, integrity._page_number, integrity._ivfflat_list_rows, integrity._record_builds,
  integrity._measure_ivfflat
  from public;
grant execute on function integrity._measure_ivfflat to penstock_admin, penstock_operator, penstock_worker;
