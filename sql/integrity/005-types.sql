create type integrity.gate_result as (
  response text,
  allowed boolean,
  risk_level text,
  state text,
  throttle_factor float8,
  throttle_pct int,
  retry_after_secs int,
  reason text,
  lambda_cut float8,
  mode text
);

comment on type integrity.gate_result is
  'Answer of a gate. allowed is true for a throttle below 100 %: then throttle_factor is the probability of refusal.';

create or replace view integrity.operations as
select operation, risk_level, enforced
from (
  values
    ('search', 'low', true),
    ('read', 'low', true),
    ('insert', 'low', true),
    ('delete', 'low', true),
    ('bulk_insert', 'medium', true),
    ('bulk_delete', 'medium', true),
    ('update', 'medium', true),
    ('centroid_update', 'medium', true),
    ('graph_edge_add', 'medium', true),
    ('graph_edge_remove', 'medium', true),
    ('index_build', 'high', true),
    ('index_rewire', 'high', true),
    ('index_rebuild', 'high', true),
    ('compression', 'high', false),
    ('compact', 'high', true),
    ('tier_manage', 'high', false),
    ('gnn_train', 'high', false),
    ('shard_move', 'high', false),
    ('replication', 'high', false),
    ('backup', 'high', false)
) as operation (operation, risk_level, enforced);

comment on view integrity.operations is
  'Every operation that a gate knows, with its risk. enforced: something in SQL refuses it; otherwise whoever does it asks the gate first.';

revoke all on integrity.operations from public;
grant select on integrity.operations to penstock_admin, penstock_operator, penstock_worker, penstock_user;
