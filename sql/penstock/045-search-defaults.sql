create or replace function penstock.set_search_defaults(
  collection text,
  ef_search int default null,
  probes int default null
)
returns void
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
begin
  if ef_search not between 1 and 1000 or probes not between 1 and 32768 then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected ef_search from 1 to 1000 and probes from 1 to 32768, got %s and %s',
        coalesce(ef_search::text, 'NULL'), coalesce(probes::text, 'NULL'));
  end if;
  if not penstock._owns(target.relation) then
    raise exception using errcode = '42501',
      message = pg_catalog.format('only the owner of its table may change collection %L', collection);
  end if;
  update penstock._collections c
  set options = (c.options - 'ef_search' - 'probes')
    || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('ef_search', ef_search, 'probes', probes))
  where c.id = target.id;
end
$fn$;

comment on function penstock.set_search_defaults is
  'Sets what searches of a collection use when a call says nothing: ef_search for HNSW, probes for IVFFlat. NULL goes back to 40 and to the square root of the lists.';

revoke all on function penstock.set_search_defaults from public;
grant execute on function penstock.set_search_defaults to penstock_user;
