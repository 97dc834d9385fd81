/* What integrity.probe has to look at. */
create or replace function integrity._amcheck()
returns regproc
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select p.oid
    from pg_catalog.pg_proc p
    join pg_catalog.pg_extension e on e.extnamespace = p.pronamespace
    where e.extname = 'amcheck' and p.proname = 'bt_index_check' and p.pronargs = 1
      and has_function_privilege(p.oid, 'execute')
  );
end
$fn$;

comment on function integrity._amcheck is
  'The function bt_index_check(regclass) of amcheck; NULL where the extension is not installed or may not be used.';

create or replace function integrity._probe_targets()
returns table (
  kind text,
  collection text,
  member text,
  index_relation regclass,
  leaf regclass,
  interval_secs float8
)
stable
parallel restricted
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return query
  select 'server', null, i.foreign_server, null::regclass, min(f.ftrelid)::regclass, s.server_probe_interval_secs
  from integrity._inventory i
  join pg_catalog.pg_foreign_table f on f.ftrelid = i.relation
  cross join integrity.sources s
  where i.foreign_server is not null
  group by i.foreign_server, s.server_probe_interval_secs
  union all
  select 'ivfflat_lists', c.name, v.member, v.index_relation, v.leaf, (p.settings -> 'graph_rebuild_interval_secs')::float8
  from penstock._collections c
  join integrity.policies p on p.collection = c.name and p.active
  cross join lateral integrity._ivfflat_indexes(c) v
  union all
  select 'recall', c.name, c.name, null, c.relation, (p.settings -> 'graph_rebuild_interval_secs')::float8
  from integrity._recall_probes r
  join penstock._collections c on c.name = r.collection
  join integrity.policies p on p.collection = c.name and p.active
  union all
  select 'primary_key', c.name, i.indexrelid::regclass::text, i.indexrelid::regclass, m.oid::regclass, s.primary_key_interval_secs
  from penstock._collections c
  cross join lateral integrity._members(c.relation) m
  join pg_catalog.pg_index i on i.indrelid = m.oid and i.indisprimary
  cross join integrity.sources s
  where m.is_leaf and s.primary_key_interval_secs is not null and integrity._amcheck() is not null;
end
$fn$;

comment on function integrity._probe_targets is
  'Everything that can be probed, and how many seconds lie between two looks at it.';

revoke all on function integrity._amcheck, integrity._probe_targets from public;
grant execute on function integrity._probe_targets to penstock_admin, penstock_operator, penstock_worker;
