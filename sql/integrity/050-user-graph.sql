create table integrity._nodes (
  collection text not null references penstock._collections (name) on update cascade on delete cascade,
  id bigint not null,
  node_type text not null,
  name text not null,
  class text not null,
  health float8 not null,
  hard boolean not null,
  error_rate float8 not null,
  note text,
  node_data jsonb not null default '{}',
  reported_at timestamptz not null default clock_timestamp(),
  primary key (collection, id),
  unique (collection, name),
  constraint known_node_type check (
    node_type in ('partition', 'centroid', 'shard', 'maintenance_dep', 'replication_target', 'index', 'gateway')
  ),
  constraint known_class check (class in ('required', 'degradable', 'advisory')),
  constraint health_is_a_share check (health between 0 and 1),
  constraint error_rate_is_a_share check (error_rate between 0 and 1)
);

comment on table integrity._nodes is
  'Nodes that users added to the contracted graph of a collection: an embedding service, a queue, another shard.';
comment on column integrity._nodes.hard is 'The report says that the node cannot work at all. Only then may a required one make the state critical.';

create table integrity._edges (
  collection text not null references penstock._collections (name) on update cascade on delete cascade,
  source text not null,
  target text not null,
  edge_type text not null,
  capacity float8 not null,
  class text not null,
  health float8 not null default 1,
  hard boolean not null default false,
  error_rate float8 not null default 0,
  current_flow float8 not null default 0,
  latency_ms float8,
  primary key (collection, source, target, edge_type),
  constraint known_edge_type check (edge_type in ('partition_link', 'routing_link', 'dependency', 'replication')),
  constraint two_ends check (source <> target),
  constraint capacity_is_an_amount check (capacity between 0 and 1e9),
  constraint known_class check (class in ('required', 'degradable', 'advisory')),
  constraint health_is_a_share check (health between 0 and 1),
  constraint error_rate_is_a_share check (error_rate between 0 and 1)
);

comment on table integrity._edges is
  'Edges that users added to the contracted graph of a collection, between nodes of any origin, named as the graph shows them.';

revoke all on integrity._nodes, integrity._edges from public;
