create or replace function penstock.rows_statement(
  collection text,
  filter jsonb default null
)
returns text
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  condition text := penstock._condition(target, filter);
begin
  if target.sealed then
    perform penstock._refuse_sealed(target);
  end if;
  perform integrity.enter(collection, 'read');
  return pg_catalog.format('select t.%I::text as id, t.%I as vector, %s as metadata from %s t where %s',
    target.id_column, target.vector_column,
    case when target.metadata_column is null then 'null::jsonb' else 't.' || pg_catalog.quote_ident(target.metadata_column) end,
    target.relation, condition);
end
$fn$;

comment on function penstock.rows_statement is
  'The text of a SELECT of id, vector and metadata of every row that matches a filter, for a cursor or COPY (...) TO. Everything in it is quoted; it runs with the rights of whoever runs it.';

revoke all on function penstock.rows_statement from public;
grant execute on function penstock.rows_statement to penstock_user;
