create or replace function penstock._nearest_found(
  target penstock._collections,
  query vector,
  k int,
  ef_search int,
  probes int,
  out hits bigint,
  out nearest bigint
)
returns record
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  last_distance float8;
begin
  select pg_catalog.max(s.distance), pg_catalog.count(*) into last_distance, nearest
  from penstock._search(target, query, k, null, null, null, null, true) as s;
  /* By distance, not by id: among equal distances any row is right. */
  select least(pg_catalog.count(*), nearest) into hits
  from penstock._search(target, query, k, null, null, ef_search, probes, false) as s
  where s.distance <= last_distance + 1e-7 * (1 + pg_catalog.abs(last_distance));
end
$fn$;

comment on function penstock._nearest_found is
  'How many of the k nearest rows of one query a search over the index finds, and how many there are.';

create or replace function penstock.recall(
  collection text,
  k int default 10,
  sample int default 100,
  ef_search int default null,
  probes int default null
)
returns float8
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target penstock._collections := penstock._collection(collection);
  sampled record;
  estimated_rows float8;
  percentage float8;
  found_rows bigint := 0;
  expected_rows bigint := 0;
begin
  if target.sealed then
    perform penstock._refuse_sealed(target);
  end if;
  if k is null or k < 1 or sample is null or sample < 1 then
    raise exception using errcode = '22023',
      message = pg_catalog.format('expected k and sample of at least 1, got k %s and sample %s',
        coalesce(k::text, 'NULL'), coalesce(sample::text, 'NULL'));
  end if;
  perform integrity.enter(collection, 'search');

  select pg_catalog.sum(r.reltuples) into estimated_rows
  from penstock._tables t
  join pg_catalog.pg_class r on r.oid = t."table"
  where t.collection_id = target.id and r.relkind <> 'p' and r.reltuples > 0;
  /* More than enough rows, for some have no vector; a tenant may own few of many. */
  percentage := case
    when pg_catalog.row_security_active(target.relation) then 100
    else least(100, coalesce(100.0 * (10 * sample + 1000) / estimated_rows, 100))
  end;
  for sampled in execute pg_catalog.format(
    'select t.%1$I::%2$s.vector as query
    from %3$s t tablesample bernoulli (%4$s)
    where t.%1$I is not null and (not $2 or %2$s.vector_norm(t.%1$I::%2$s.vector) > 0)
    order by random()
    limit $1',
    target.vector_column, penstock._vector_schema(), target.relation, percentage)
    using sample, target.metric = 'cosine'
  loop
    select found_rows + n.hits, expected_rows + n.nearest into found_rows, expected_rows
    from penstock._nearest_found(target, sampled.query, k, ef_search, probes) n;
  end loop;
  return found_rows / nullif(expected_rows, 0)::float8;
end
$fn$;

comment on function penstock.recall is
  'The share of the true k nearest rows that a search over the index finds, from 0 to 1, averaged over a random sample of stored vectors. Each sample costs an exact search. NULL for an empty collection.';

revoke all on function penstock._nearest_found, penstock.recall from public;
grant execute on function penstock._nearest_found, penstock.recall to penstock_user;
