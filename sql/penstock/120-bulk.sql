/*
 * Bulk data go through COPY, which a client runs: here are the statement for it, and a
 * checksum that both sides can compute.
 */
create or replace function penstock.checksum(
  collection text,
  filter jsonb default null
)
returns table (row_count bigint, checksum numeric)
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  condition text := penstock._condition(target, filter);
begin
  perform integrity.enter(collection, 'read');
  /* The sum does not depend on the order of rows. 64 bits of each digest, as a number without a sign. */
  return query execute pg_catalog.format(
    'select pg_catalog.count(*), pg_catalog.mod(coalesce(pg_catalog.sum(
      (''x'' || pg_catalog.substr(m.digest, 1, 8))::bit(32)::bigint::numeric * 4294967296
      + (''x'' || pg_catalog.substr(m.digest, 9, 8))::bit(32)::bigint), 0), 18446744073709551616)
    from (
      select pg_catalog.md5(pg_catalog.convert_to(t.%I::text, ''UTF8'') || ''\x00''
        || coalesce(%s.%s_send(t.%I), '''') || pg_catalog.convert_to(%s, ''UTF8'')) as digest
      from %s t
      where %s
    ) m',
    target.id_column, penstock._vector_schema(), target.vector_type, target.vector_column,
    coalesce('coalesce(t.' || pg_catalog.quote_ident(target.metadata_column) || '::text, '''')', ''''''), target.relation, condition);
end
$fn$;

comment on function penstock.checksum is
  'How many rows match a filter, and a checksum over their ids, vectors and metadata: for each row the first 64 bits of the MD5 of id in UTF-8, a zero byte, the binary form of the vector (vector_send) and the text of the metadata (nothing for NULL); summed modulo 2^64. Against accidents, not against forgery. Reads every row.';

create or replace function penstock.copy_statement(
  collection text,
  out statement text,
  out is_binary boolean
)
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
begin
  is_binary := target.id_type in ('text'::regtype, 'varchar'::regtype);
  statement := pg_catalog.format('copy %s (%I, %I%s) from stdin%s', target.relation, target.id_column, target.vector_column,
    ', ' || pg_catalog.quote_ident(target.metadata_column), case when is_binary then ' (format binary)' end);
end
$fn$;

comment on function penstock.copy_statement is
  'The COPY ... FROM STDIN statement that fills a collection: columns id, vector and, where the table has it, metadata. Binary where the id is a text, else text.';

revoke all on function penstock.checksum from public;
revoke all on function penstock.copy_statement from public;
grant execute on function penstock.checksum to penstock_user;
grant execute on function penstock.copy_statement to penstock_user;
