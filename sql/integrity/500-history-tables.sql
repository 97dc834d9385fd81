/* The signed log: its head, its keys, its events, its checkpoints. All belong to penstock_log_owner. */

create table integrity._signing_keys (
  id text primary key,
  public_key bytea not null,
  purpose text not null,
  holder text not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint id_is_the_hash check (id = encode(sha256(public_key), 'hex')),
  constraint public_key_length check (octet_length(public_key) = 32),
  constraint known_purpose check (purpose in ('events', 'checkpoints')),
  constraint known_holder check (holder in ('database', 'external'))
);

comment on table integrity._signing_keys is
  'Every public key that ever signed, one purpose each. Rows never change; which key is in use is in the head of the log.';
comment on column integrity._signing_keys.id is 'SHA-256 of the public key, in hexadecimal.';
comment on column integrity._signing_keys.holder is
  'database: the seed lies in integrity._database_seeds, so that its signatures prove nothing against whoever reads that table.';

create table integrity._database_seeds (
  key_id text primary key references integrity._signing_keys (id),
  seed bytea not null,
  constraint seed_length check (octet_length(seed) = 32)
);

comment on table integrity._database_seeds is
  'Seeds of the keys that the database itself holds. Nobody but the owner of the log reads it; a superuser, a dump and a replica do.';

create table integrity._history_head (
  log_id text primary key,
  epoch int not null,
  size bigint not null,
  leaf bytea not null,
  peaks bytea not null,
  event_key_id text not null references integrity._signing_keys (id),
  checkpoint_key_id text not null references integrity._signing_keys (id),
  is_the_only_one boolean not null default true unique,
  constraint log_id_form check (log_id ~ '^[0-9a-f]{32}$'),
  constraint only_one check (is_the_only_one),
  constraint leaf_length check (octet_length(leaf) = 32),
  constraint peaks_are_hashes check (octet_length(peaks) % 32 = 0)
);

comment on table integrity._history_head is
  'The head of the log: whoever appends holds the lock of this row, so events are numbered without gaps and without forks.';
comment on column integrity._history_head.size is 'Number of events, which is the seq of the last one.';
comment on column integrity._history_head.leaf is 'Leaf hash of the last event; 32 zero bytes before the first.';
comment on column integrity._history_head.peaks is
  'Roots of the perfect subtrees of the Merkle tree over all events, largest first, concatenated.';

create table integrity._events (
  log_id text not null,
  seq bigint not null,
  prev bytea not null,
  type text not null,
  collection_id int,
  key_id text references integrity._signing_keys (id),
  signature bytea,
  bytes bytea not null,
  primary key (log_id, seq),
  unique (log_id, prev),
  constraint seq_from_one check (seq >= 1),
  constraint prev_length check (octet_length(prev) = 32),
  constraint signed_by_a_key check ((key_id is null) = (signature is null)),
  constraint signature_length check (octet_length(signature) = 64)
);

create index on integrity._events (collection_id, seq);

comment on table integrity._events is
  'Events as the exact bytes that are hashed and signed. The other columns repeat what the bytes say; verification compares them.';
comment on column integrity._events.seq is 'Position in the log, from 1: the order of events.';
comment on column integrity._events.prev is 'Leaf hash of the event before this one.';

create table integrity._checkpoints (
  log_id text not null,
  size bigint not null,
  key_id text not null references integrity._signing_keys (id),
  note text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (log_id, size, key_id)
);

comment on table integrity._checkpoints is
  'Checkpoints that this database issued, as signed notes. Only a copy kept elsewhere proves anything against its administrator.';

revoke all on integrity._signing_keys, integrity._database_seeds, integrity._history_head, integrity._events, integrity._checkpoints
  from public;
