/* How far an import has come, written in the transaction of each batch: after a crash it goes on from there. */
create table penstock._imports (
  id bigint generated always as identity primary key,
  collection_id int not null references penstock._collections on delete cascade,
  role name not null default current_user,
  fingerprint text not null,
  position bigint not null default 0,
  row_count bigint not null default 0,
  rejected bigint not null default 0,
  checksum numeric not null default 0,
  rows_before bigint not null,
  checksum_before numeric not null,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint one_import_a_source unique (collection_id, role, fingerprint)
);

comment on table penstock._imports is
  'Imports that have begun and not ended, one row each: how many records of the source are in the collection or rejected.';
comment on column penstock._imports.fingerprint is 'SHA-256 of the source, so that a changed file is not taken for the same one.';
comment on column penstock._imports.position is 'Records of the source that are done: written or rejected.';
comment on column penstock._imports.checksum is 'Sum of the checksums of the rows written so far, modulo 2^64.';
comment on column penstock._imports.rows_before is 'Rows of the collection when the import began.';
comment on column penstock._imports.checksum_before is 'Checksum of the collection when the import began.';

alter table penstock._imports enable row level security;
create policy own_imports on penstock._imports using (role = current_user) with check (role = current_user);

revoke all on penstock._imports from public;
grant select, delete on penstock._imports to penstock_user;
grant insert (collection_id, fingerprint, rows_before, checksum_before) on penstock._imports to penstock_user;
grant update (position, row_count, rejected, checksum, updated_at) on penstock._imports to penstock_user;

create or replace function penstock.begin_import(
  collection text,
  fingerprint text,
  restart boolean default false
)
returns penstock._imports
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  found_import penstock._imports;
  sums record;
begin
  if fingerprint is null or fingerprint = '' then
    raise exception using errcode = '22023', message = 'expected the fingerprint of a source, got none';
  end if;
  if restart then
    delete from penstock._imports i
    where i.collection_id = target.id and i.fingerprint = begin_import.fingerprint and i.role = current_user;
  end if;
  select i.* into found_import
  from penstock._imports i
  where i.collection_id = target.id and i.fingerprint = begin_import.fingerprint and i.role = current_user;
  if not found then
    select s.row_count, s.checksum into sums from penstock.checksum(collection) as s;
    insert into penstock._imports (collection_id, fingerprint, rows_before, checksum_before)
    values (target.id, fingerprint, sums.row_count, sums.checksum)
    returning * into found_import;
  end if;
  return found_import;
end
$fn$;

comment on function penstock.begin_import is
  'Begins the import of a source into a collection, or returns how far an interrupted one has come. With restart, forgets that; the rows stay.';

create or replace function penstock.note_import(
  import bigint,
  "position" bigint,
  row_count bigint,
  rejected bigint,
  checksum numeric
)
returns void
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
begin
  update penstock._imports i
  set position = note_import."position",
    row_count = note_import.row_count,
    rejected = note_import.rejected,
    checksum = note_import.checksum,
    updated_at = pg_catalog.now()
  where i.id = import and i.position <= note_import."position";
  if not found then
    raise exception using errcode = '42704',
      message = pg_catalog.format('expected an import that is under way, got %s', coalesce(import::text, 'NULL')),
      hint = 'Another process may have ended it, or imports the same source.';
  end if;
end
$fn$;

comment on function penstock.note_import is
  'Notes how far an import has come, in the transaction that writes the rows. All numbers are totals since it began.';

create or replace function penstock.end_import(
  import bigint
)
returns table (row_count bigint, rows_missing bigint, checksum_matches boolean)
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  ended penstock._imports;
  sums record;
begin
  delete from penstock._imports i where i.id = import returning i.* into ended;
  if not found then
    raise exception using errcode = '42704',
      message = pg_catalog.format('expected an import that is under way, got %s', coalesce(import::text, 'NULL'));
  end if;
  select s.row_count, s.checksum into sums
  from penstock._collections c, penstock.checksum(c.name) as s
  where c.id = ended.collection_id;
  row_count := sums.row_count;
  rows_missing := ended.rows_before + ended.row_count - sums.row_count;
  checksum_matches := pg_catalog.mod(ended.checksum_before + ended.checksum, 18446744073709551616) = sums.checksum;
  return next;
end
$fn$;

comment on function penstock.end_import is
  'Ends an import and compares the collection with what it was before plus what was written: rows_missing is 0 and checksum_matches true when nothing was lost or changed, and nobody else wrote meanwhile.';

revoke all on function penstock.begin_import from public;
revoke all on function penstock.note_import from public;
revoke all on function penstock.end_import from public;
grant execute on function penstock.begin_import to penstock_user;
grant execute on function penstock.note_import to penstock_user;
grant execute on function penstock.end_import to penstock_user;
