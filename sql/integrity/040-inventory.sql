create table integrity._inventory (
  collection text not null references penstock._collections (name) on update cascade on delete cascade,
  member text not null,
  relation regclass not null,
  vector_index text,
  foreign_server text,
  recorded_at timestamptz not null default clock_timestamp(),
  recorded_by text not null,
  primary key (collection, member),
  constraint known_occasion check (recorded_by in ('register', 'protect', 'sample', 'rebuild_graph'))
);

comment on table integrity._inventory is
  'What each collection is known to consist of: its leaf partitions and which of them have a vector index. What is here and not in the catalogs is missing. Only integrity.rebuild_graph forgets.';
comment on column integrity._inventory.member is 'Name of the leaf; with its schema when that is not the schema of the collection.';
comment on column integrity._inventory.relation is 'The leaf: a rename is followed by it, a leaf made anew under its old name is found by member.';
comment on column integrity._inventory.foreign_server is 'The foreign server that holds the leaf; NULL for this one.';
comment on column integrity._inventory.vector_index is 'Name of a valid vector index seen on the leaf; NULL when none is expected.';

create table integrity._protections (
  collection text primary key references penstock._collections (name) on update cascade on delete cascade,
  protected_at timestamptz not null default now(),
  protected_by text not null default session_user,
  not_installed text[] not null default '{}',
  reads boolean not null default false
);

comment on table integrity._protections is
  'Collections whose tables carry gate triggers. The triggers themselves are found in the catalog.';
comment on column integrity._protections.not_installed is 'What the last attempt could not install or remove, and why. Every sample tries again.';
comment on column integrity._protections.reads is 'Whether row security asks the gate of every SELECT, too.';

revoke all on integrity._inventory, integrity._protections from public;
