create or replace view integrity.health as
select s.collection, 'sampler' as "check",
  s.last_sample_at is not null and not v.stale as ok,
  case
    when s.last_sample_at is null then 'Nobody has sampled this collection yet: select integrity.sample(name), or schedule integrity.tick.'
    when v.stale then format('The last sample is %s old: the sampler does not run.', justify_interval(date_trunc('second', clock_timestamp() - s.last_sample_at)))
    else format('Sampled %s times, last at %s.', s.sample_count, date_trunc('second', s.last_sample_at))
  end as sentence
from integrity._states s
join integrity.states v using (collection)
union all
select s.collection, 'gate',
  not s.killed and s.machine -> 'override' is not distinct from 'null' or s.machine = '{}',
  case
    when s.killed then 'The kill switch is on: every operation is allowed.'
    when nullif(s.machine -> 'override', 'null') is not null then
      format('State %s is pinned by %s: %s', s.state, s.machine #>> '{override,by}', s.machine #>> '{override,reason}')
    else format('State %s, mode %s, policy %L.', s.state, s.mode, s.policy_name)
  end
from integrity._states s
union all
select s.collection, 'protection',
  p.collection is null or (cardinality(p.not_installed) = 0 and tables.unguarded = 0),
  case
    when p.collection is null then 'The table is not protected: writes do not pass the gate.'
    when cardinality(p.not_installed) > 0 then 'Not installed: ' || array_to_string(p.not_installed, '; ')
    when tables.unguarded > 0 then format('%s of %s tables have no gate yet; the next sample installs it.', tables.unguarded, tables.total)
    else format('Every write to its %s tables passes the gate.', tables.total)
  end
from integrity._states s
join penstock._collections c on c.name = s.collection
left join integrity._protections p on p.collection = s.collection
cross join lateral (
  select
    count(*) as total,
    count(*) filter (where not exists (
      select
      from pg_catalog.pg_trigger t
      where t.tgrelid = m.oid and t.tgenabled <> 'D' and t.tgfoid = 'integrity._tg_gate()'::regprocedure
    )) as unguarded
  from integrity._members(c.relation) m
) as tables
union all
select m.collection, signal.value ->> 'signal',
  (signal.value ->> 'capacity')::float8 >= 1,
  signal.value ->> 'words'
from integrity._samples m
cross join lateral jsonb_array_elements(m.graph -> 'nodes') as node
cross join lateral jsonb_array_elements(node.value #> '{node_data,signals}') as signal;

comment on view integrity.health is
  'One sentence per check and collection: the sampler, the gate, the protection, and every signal of the last sample.';

revoke all on integrity.health from public;
grant select on integrity.health to penstock_admin, penstock_operator, penstock_worker, penstock_user;
