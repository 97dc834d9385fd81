create or replace function integrity._ruvector_functions()
returns text
immutable
set search_path = ''
language plpgsql
as $fn$
begin
  return $ddl$
create or replace function ruvector.ruvector_register_collection(
  p_collection_name text,
  p_table regclass,
  p_id_column name default 'id',
  p_vector_column name default 'vector',
  p_metadata_column name default 'metadata',
  p_metric text default null,
  p_dimensions int default null
)
returns integer volatile set search_path = '' language plpgsql
as $body$
begin
  perform penstock.register(
    p_collection_name, p_table, p_id_column, p_vector_column, p_metadata_column, p_metric, p_dimensions);
  return (select c.id from ruvector.collections c where c.name = p_collection_name);
end
$body$;
comment on function ruvector.ruvector_register_collection is
  'Registers a table that has vectors as a collection, as penstock.register does, and returns its id.';

create or replace function ruvector.ruvector_integrity_gate(collection_name text, operation text)
returns jsonb stable set search_path = '' language plpgsql
as $body$
begin
  return to_jsonb(integrity.gate(collection_name, operation));
end
$body$;
comment on function ruvector.ruvector_integrity_gate is
  'What the gate answers: allowed, throttle_pct, state, reason, and the other fields of integrity.gate. Errors: 42704 for an unknown collection, 22023 for an unknown operation.';

create or replace function ruvector.ruvector_integrity_sample(p_collection_name text)
returns jsonb volatile set search_path = '' language plpgsql
as $body$
begin
  return integrity.sample(p_collection_name);
end
$body$;
comment on function ruvector.ruvector_integrity_sample is 'Measures a collection now, as integrity.sample does.';

create or replace function ruvector.ruvector_integrity_status(p_collection_name text)
returns jsonb volatile set search_path = '' language plpgsql
as $body$
begin
  return integrity.status(p_collection_name);
end
$body$;
comment on function ruvector.ruvector_integrity_status is
  'State, lambda_cut, last_sample, sample_count, witness_edges and policy of a collection, as integrity.status gives them.';

create or replace function ruvector.ruvector_contracted_graph(p_collection_name text)
returns jsonb volatile set search_path = '' language plpgsql
as $body$
begin
  return integrity.contracted_graph(p_collection_name);
end
$body$;
comment on function ruvector.ruvector_contracted_graph is
  'nodes, edges, node_count and edge_count of the contracted graph, as integrity.contracted_graph gives them.';

create or replace function ruvector.ruvector_rebuild_contracted_graph(p_collection_name text)
returns jsonb volatile set search_path = '' language plpgsql
as $body$
begin
  return integrity.rebuild_graph(p_collection_name);
end
$body$;
comment on function ruvector.ruvector_rebuild_contracted_graph is
  'Records the inventory anew, as integrity.rebuild_graph does.';

create or replace function ruvector.ruvector_verify_event_signature(p_event_id bigint)
returns boolean stable set search_path = '' language plpgsql
as $body$
begin
  if not exists (select from ruvector.integrity_events e where e.id = p_event_id) then
    return null;
  end if;
  return (select v.is_valid and v.seal = 'signed' from integrity.verify_event(p_event_id) as v);
end
$body$;
comment on function ruvector.ruvector_verify_event_signature is
  'Whether an event is intact and its signature valid; false for an unsigned one, NULL for none of that id.';

create or replace function ruvector.ruvector_integrity_history(
  p_collection_name text,
  p_event_type text default null,
  p_since timestamptz default now() - interval '24 hours',
  p_limit integer default 100
)
returns table (
  id bigint,
  event_type text,
  previous_state text,
  new_state text,
  lambda_cut real,
  witness_edge_count integer,
  is_signed boolean,
  is_verified boolean,
  created_at timestamptz
)
stable set search_path = '' language plpgsql
as $body$
begin
  return query
    select
      h.id, h.event_type, h.previous_state, h.new_state, h.lambda_cut::real, h.witness_edge_count, h.is_signed, h.is_verified,
      h.created_at
    from integrity.history(p_collection_name, p_event_type, p_since, p_limit) as h;
end
$body$;
comment on function ruvector.ruvector_integrity_history is 'The events of a collection, latest first, as integrity.history gives them.';

create or replace function ruvector.ruvector_integrity_policy_set(
  p_collection_name text,
  p_policy_name text,
  p_policy jsonb
)
returns jsonb volatile set search_path = '' language plpgsql
as $body$
begin
  return integrity.set_policy(p_collection_name, p_policy_name, p_policy);
end
$body$;
comment on function ruvector.ruvector_integrity_policy_set is
  'Makes or changes a policy and returns it whole, as integrity.set_policy does: what is left out stays or takes its default.';

create or replace function ruvector.ruvector_integrity_override(
  p_collection_name text,
  p_state text,
  p_reason text,
  p_duration interval default interval '1 hour'
)
returns jsonb volatile set search_path = '' language plpgsql
as $body$
begin
  perform integrity.override(p_collection_name, p_state, p_reason, p_duration);
  return integrity.status(p_collection_name);
end
$body$;
comment on function ruvector.ruvector_integrity_override is
  'Pins the state of a collection for a while, as integrity.override does, and returns its status.';

revoke all on all functions in schema ruvector from public;
grant execute on all functions in schema ruvector to penstock_admin;
grant execute on function
  ruvector.ruvector_register_collection, ruvector.ruvector_integrity_gate, ruvector.ruvector_integrity_status,
  ruvector.ruvector_contracted_graph, ruvector.ruvector_integrity_history
  to penstock_user, penstock_worker, penstock_operator;
grant execute on function
  ruvector.ruvector_integrity_sample, ruvector.ruvector_rebuild_contracted_graph, ruvector.ruvector_verify_event_signature
  to penstock_worker, penstock_operator;
grant execute on function ruvector.ruvector_integrity_override to penstock_operator;
  $ddl$;
end
$fn$;

comment on function integrity._ruvector_functions is
  'The statements that make the functions of the schema ruvector: thin names over those of integrity.';

revoke all on function integrity._ruvector_functions from public;
