create or replace function integrity._ruvector_views()
returns text
immutable
set search_path = ''
language plpgsql
as $fn$
begin
  return $ddl$
create or replace view ruvector.collections as
select
  c.id,
  c.name,
  n.nspname::text as table_schema,
  r.relname::text as table_name,
  c.vector_column::text as vector_column,
  c.dimensions,
  c.metric as distance_metric,
  c.options as config,
  c.created_at
from penstock._collections c
left join pg_catalog.pg_class r on r.oid = c.relation
left join pg_catalog.pg_namespace n on n.oid = r.relnamespace;
comment on view ruvector.collections is 'Every collection with the number under which the other views name it.';

create or replace view ruvector.contracted_graph as
select
  c.id as collection_id,
  node ->> 'node_type' as node_type,
  (node ->> 'node_id')::bigint as node_id,
  node ->> 'node_name' as node_name,
  node -> 'node_data' as node_data,
  (node ->> 'health_score')::real as health_score,
  m.sampled_at as last_updated
from integrity._samples m
join penstock._collections c on c.name = m.collection
cross join lateral jsonb_array_elements(m.graph -> 'nodes') as node;
comment on view ruvector.contracted_graph is 'The nodes of the contracted graphs, as the last samples found them.';

create or replace view ruvector.contracted_edges as
select
  row_number() over (order by c.id, listed.position) as id,
  c.id as collection_id,
  edge ->> 'source_type' as source_type,
  (edge ->> 'source_id')::bigint as source_id,
  edge ->> 'target_type' as target_type,
  (edge ->> 'target_id')::bigint as target_id,
  edge ->> 'edge_type' as edge_type,
  (edge ->> 'capacity')::real as capacity,
  (edge ->> 'current_flow')::real as current_flow,
  (edge ->> 'latency_ms')::real as latency_ms,
  (edge ->> 'error_rate')::real as error_rate,
  c.created_at,
  m.sampled_at as updated_at
from integrity._samples m
join penstock._collections c on c.name = m.collection
cross join lateral jsonb_array_elements(m.graph -> 'edges') with ordinality as listed (edge, position);
comment on view ruvector.contracted_edges is 'The edges of the contracted graphs, as the last samples found them. id numbers them for now only.';

create or replace view ruvector.integrity_state as
select
  s.collection_id,
  s.state,
  s.lambda_cut::real as lambda_cut,
  s.lambda2::real as lambda2,
  coalesce(m.witness -> 'witness_edges', '[]') as witness_edges,
  s.last_sample_at as last_sample,
  s.sample_count,
  s.changed_at as updated_at
from integrity._states s
left join integrity._samples m using (collection);
comment on view ruvector.integrity_state is 'The state of each collection, with lambda_cut and the edges of the minimum cut.';

create or replace view ruvector.integrity_policies as
select
  row_number() over (order by c.id, p.name) as id,
  c.id as collection_id,
  p.name,
  (p.settings ->> 'threshold_high')::real as threshold_high,
  (p.settings ->> 'threshold_low')::real as threshold_low,
  p.settings -> 'normal_actions' as normal_actions,
  p.settings -> 'stress_actions' as stress_actions,
  p.settings -> 'critical_actions' as critical_actions,
  p.settings -> 'notifications' as notifications,
  p.priority,
  p.enabled,
  p.updated_at
from integrity.policies p
join penstock._collections c on c.name = p.collection;
comment on view ruvector.integrity_policies is 'Every policy; the enabled one with the highest priority is active. id numbers them for now only.';

create or replace view ruvector.integrity_events as
select
  e.seq as id,
  e.collection_id,
  e.event_type,
  e.previous_state,
  e.new_state,
  e.lambda_cut::real as lambda_cut,
  e.witness_edges,
  e.body as metadata,
  e.signature,
  e.key_id as signer_id,
  e.created_at
from integrity.events e;
comment on view ruvector.integrity_events is 'Every event of the history, decoded from the bytes that were signed.';

create or replace view ruvector.signing_keys as
select
  k.id,
  decode(k.public_key, 'hex') as public_key,
  format('for %s, held %s', k.purpose, case k.holder when 'database' then 'by the database' else 'outside of it' end) as description,
  k.created_at,
  (select e.created_at from integrity.events e where e.event_type = 'key_revoked' and e.body ->> 'key_id' = k.id) as revoked_at
from integrity.signing_keys k;
comment on view ruvector.signing_keys is 'Every public key of the history.';

revoke all on all tables in schema ruvector from public;
grant select on
  ruvector.collections, ruvector.contracted_graph, ruvector.contracted_edges, ruvector.integrity_state, ruvector.integrity_policies
  to penstock_user;
grant select on all tables in schema ruvector to penstock_admin, penstock_operator, penstock_worker;
  $ddl$;
end
$fn$;

comment on function integrity._ruvector_views is
  'The statements that make the views of the schema ruvector.';

revoke all on function integrity._ruvector_views from public;

create or replace function integrity.install_ruvector()
returns void
volatile
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  ours constant text := 'Names of the RuVector documents over Penstock; made by integrity.install_ruvector().';
begin
  if exists (
    select
    from pg_namespace n
    where n.nspname = 'ruvector' and obj_description(n.oid, 'pg_namespace') is distinct from ours
  ) then
    raise exception using
      errcode = '42710',
      message = 'expected no schema ruvector, or the one that this function made, but found another one',
      hint = 'Rename it: ALTER SCHEMA ruvector RENAME TO something_else.';
  end if;
  create schema if not exists ruvector;
  execute format('comment on schema ruvector is %L', ours);
  grant usage on schema ruvector to penstock_user, penstock_worker, penstock_operator, penstock_admin;
  execute integrity._ruvector_views();
  execute integrity._ruvector_functions();
end
$fn$;

comment on function integrity.install_ruvector is
  'Makes the schema ruvector, which offers the names and signatures of the RuVector documents over those of integrity; again after an upgrade it brings them up to date. DROP SCHEMA ruvector CASCADE removes it. Errors: 42710 when a schema of that name is there that is not ours.';

revoke all on function integrity.install_ruvector from public;
grant execute on function integrity.install_ruvector to penstock_admin;
