create table memory.edges (
  source_id uuid not null references memory.memories (id) on delete cascade,
  target_id uuid not null references memory.memories (id) on delete cascade,
  type text not null default 'related',
  namespace text not null,
  weight float8 not null default 1,
  created_at timestamptz not null default now(),
  primary key (source_id, target_id, type) include (weight),
  constraint between_two_memories check (source_id <> target_id),
  constraint type_of_1_to_128_bytes check (octet_length(type) between 1 and 128),
  constraint weight_above_0_up_to_1 check (weight > 0 and weight <= 1)
);

create index edges_by_target on memory.edges (target_id, source_id, type) include (weight);

comment on table memory.edges is
  'Relations between memories of one namespace. Cycles are allowed, an edge from a memory to itself is not.';
comment on column memory.edges.weight is 'Strength, above 0 up to 1: how much of the activation passes.';

create table memory.domains (
  namespace text not null references memory._namespaces (name) on delete cascade,
  id text not null,
  label text not null,
  centroid halfvec,
  top_terms text[] not null default '{}',
  memory_count bigint not null default 0,
  created_at timestamptz not null default now(),
  primary key (namespace, id),
  constraint id_of_1_to_512_bytes check (octet_length(id) between 1 and 512),
  constraint label_of_1_to_512_bytes check (octet_length(label) between 1 and 512),
  constraint top_terms_are_labels check (memory._are_labels(top_terms)),
  constraint some_or_none check (memory_count >= 0)
);

comment on table memory.domains is
  'Fields that memories belong to, each with the centre of its embeddings.';
comment on column memory.domains.centroid is 'Mean embedding; classify compares with it.';
comment on column memory.domains.memory_count is 'As whoever maintains the domain last said; memory.get_stats counts.';

alter table memory.edges enable row level security;
alter table memory.domains enable row level security;
create policy own_namespaces on memory.edges
  for select using (namespace = any ((select memory._reachable(false))::text[]));
create policy own_namespaces on memory.domains
  for select using (namespace = any ((select memory._reachable(false))::text[]));

revoke all on memory.edges, memory.domains from public;
grant select on memory.edges, memory.domains to penstock_user;
