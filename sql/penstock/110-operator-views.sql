/*
 * What an operator asks a vector database, as views over the statistics of PostgreSQL.
 * They run with the rights of whoever reads them: a member of pg_monitor sees all sessions.
 */
create or replace view penstock.connections
with (security_invoker = true)
as
select
  a.usename as role,
  a.application_name,
  coalesce(a.state, 'not visible') as state,
  pg_catalog.count(*) as connections,
  pg_catalog.max(pg_catalog.extract('epoch', pg_catalog.clock_timestamp() - a.state_change)) as longest_seconds_in_state,
  pg_catalog.max(pg_catalog.extract('epoch', pg_catalog.clock_timestamp() - a.xact_start)) as longest_transaction_seconds,
  pg_catalog.current_setting('max_connections')::int as max_connections
from pg_catalog.pg_stat_activity a
where a.datname = pg_catalog.current_database() and a.backend_type = 'client backend'
group by a.usename, a.application_name, a.state;

comment on view penstock.connections is
  'Client connections to this database by role, application and state, with the limit of the server.';

create or replace function penstock._statement_statistics()
returns table (
  query text,
  calls bigint,
  total_seconds float8,
  mean_milliseconds float8,
  max_milliseconds float8,
  row_count bigint
)
stable
parallel restricted
set search_path = ''
language plpgsql
as $fn$
declare
  extension_schema name;
begin
  select n.nspname into extension_schema
  from pg_catalog.pg_extension e
  join pg_catalog.pg_namespace n on n.oid = e.extnamespace
  where e.extname = 'pg_stat_statements';
  /* The extension may be created on a server that does not load its library. */
  if not found or pg_catalog.current_setting('pg_stat_statements.max', true) is null then
    return;
  end if;
  return query execute pg_catalog.format(
    'select s.query, s.calls, s.total_exec_time / 1000, s.mean_exec_time, s.max_exec_time, s.rows
    from %I.pg_stat_statements s
    where s.dbid = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())',
    extension_schema);
end
$fn$;

comment on function penstock._statement_statistics is
  'Statements of this database from pg_stat_statements; no rows where that extension is missing.';

create or replace view penstock.slow_statements
with (security_invoker = true)
as
select s.*
from penstock._statement_statistics() as s
where s.query ilike '%penstock.%'
  or exists (
    select
    from penstock._collections c
    join pg_catalog.pg_class r on r.oid = c.relation
    where pg_catalog.strpos(s.query, r.relname) > 0
  )
order by s.mean_milliseconds desc;

comment on view penstock.slow_statements is
  'Statements that name a collection or a function of penstock, slowest mean first. Empty without the extension pg_stat_statements.';

create or replace view penstock.sizes
with (security_invoker = true)
as
select
  t.name,
  pg_catalog.sum(greatest(r.reltuples, 0)) filter (where r.relkind <> 'p')::bigint as estimated_rows,
  pg_catalog.sum(pg_catalog.pg_table_size(r.oid))::bigint as table_bytes,
  pg_catalog.sum(pg_catalog.pg_indexes_size(r.oid))::bigint as index_bytes,
  pg_catalog.sum(pg_catalog.pg_total_relation_size(r.oid))::bigint as total_bytes,
  pg_catalog.pg_size_pretty(pg_catalog.sum(pg_catalog.pg_total_relation_size(r.oid))) as total,
  pg_catalog.count(*) filter (where r.relispartition) as partitions
from penstock._tables t
join pg_catalog.pg_class r on r.oid = t."table"
group by t.name;

comment on view penstock.sizes is
  'Size of each collection over all its partitions. estimated_rows is as of the last ANALYZE or VACUUM.';

create or replace view penstock.index_use
with (security_invoker = true)
as
select
  t.name,
  t."table",
  x.indexrelid::regclass as index,
  m.amname as kind,
  x.indisvalid and x.indisready as usable,
  s.idx_scan as scans,
  s.idx_tup_read as entries_read,
  s.idx_tup_fetch as rows_fetched,
  pg_catalog.pg_relation_size(x.indexrelid) as bytes
from penstock._tables t
join pg_catalog.pg_index x on x.indrelid = t."table"
join pg_catalog.pg_class i on i.oid = x.indexrelid
join pg_catalog.pg_am m on m.oid = i.relam
left join pg_catalog.pg_stat_all_indexes s on s.indexrelid = x.indexrelid;

comment on view penstock.index_use is
  'Every index of every collection: whether it is usable, how often it was scanned, its size.';

create or replace view penstock.cache_hits
with (security_invoker = true)
as
select
  t.name,
  pg_catalog.sum(s.heap_blks_hit)::bigint as table_blocks_hit,
  pg_catalog.sum(s.heap_blks_read)::bigint as table_blocks_read,
  pg_catalog.sum(s.idx_blks_hit)::bigint as index_blocks_hit,
  pg_catalog.sum(s.idx_blks_read)::bigint as index_blocks_read,
  pg_catalog.round(pg_catalog.sum(s.heap_blks_hit) / nullif(pg_catalog.sum(s.heap_blks_hit + s.heap_blks_read), 0), 4) as table_hit_ratio,
  pg_catalog.round(pg_catalog.sum(s.idx_blks_hit) / nullif(pg_catalog.sum(s.idx_blks_hit + s.idx_blks_read), 0), 4) as index_hit_ratio
from penstock._tables t
join pg_catalog.pg_statio_all_tables s on s.relid = t."table"
group by t.name;

comment on view penstock.cache_hits is
  'How many blocks of each collection were found in shared buffers. An HNSW index that does not fit shows in index_hit_ratio first.';

create or replace view penstock.vacuum_state
with (security_invoker = true)
as
select
  t.name,
  t."table",
  s.n_live_tup as live_rows,
  s.n_dead_tup as dead_rows,
  pg_catalog.round(s.n_dead_tup::numeric / nullif(s.n_live_tup + s.n_dead_tup, 0), 4) as dead_share,
  greatest(s.last_vacuum, s.last_autovacuum) as last_vacuum,
  greatest(s.last_analyze, s.last_autoanalyze) as last_analyze,
  s.n_mod_since_analyze as changes_since_analyze,
  pg_catalog.age(r.relfrozenxid) as transaction_age
from penstock._tables t
join pg_catalog.pg_class r on r.oid = t."table" and r.relkind = 'r'
join pg_catalog.pg_stat_all_tables s on s.relid = t."table";

comment on view penstock.vacuum_state is
  'Dead rows, last vacuum and analyze, and age of the oldest transaction id, for each table of each collection.';

revoke all on function penstock._statement_statistics from public;
grant execute on function penstock._statement_statistics to penstock_user;
revoke all on penstock.connections, penstock.slow_statements, penstock.sizes, penstock.index_use,
  penstock.cache_hits, penstock.vacuum_state from public;
grant select on penstock.connections, penstock.slow_statements, penstock.sizes, penstock.index_use,
  penstock.cache_hits, penstock.vacuum_state to penstock_user;
