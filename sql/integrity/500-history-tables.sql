/* The signed log: its head, its keys, its events, its tree, its checkpoints. All belong to penstock_log_owner. */

create table integrity._signing_keys (
  id text primary key,
  public_key bytea not null,
  purpose text not null,
  holder text not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint id_is_the_hash check (id = encode(sha256(public_key), 'hex')),
  constraint public_key_length check (octet_length(public_key) = 32),
  constraint known_purpose check (purpose in ('events', 'checkpoints', 'recovery')),
  constraint known_holder check (holder in ('database', 'external'))
);

comment on table integrity._signing_keys is
  'Every public key that was ever announced, one purpose each. Rows never change; which key is in use is in the head of the log.';
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

create table integrity._key_uses (
  key_id text primary key references integrity._signing_keys (id),
  since_seq bigint not null
);

comment on table integrity._key_uses is
  'The event that brought a key into use. A key is used once: what was rotated away or revoked never comes back.';

create table integrity._key_revocations (
  key_id text primary key references integrity._signing_keys (id),
  seq bigint not null,
  trusted_size bigint not null,
  trusted_root bytea,
  constraint trusted_size_not_negative check (trusted_size >= 0),
  constraint trusted_root_with_size check ((trusted_size = 0) = (trusted_root is null)),
  constraint trusted_root_length check (octet_length(trusted_root) = 32)
);

comment on table integrity._key_revocations is
  'Revoked keys. What such a key signed counts only for the first trusted_size events, whose root is trusted_root.';

create table integrity._history_head (
  log_id text primary key,
  epoch int not null,
  size bigint not null,
  leaf bytea not null,
  peaks bytea not null,
  event_key_id text references integrity._signing_keys (id),
  checkpoint_key_id text references integrity._signing_keys (id),
  recovery_key_id text references integrity._signing_keys (id),
  system_identifier text not null,
  timeline int not null,
  pruned_through bigint not null default 0,
  samples_expired_through bigint not null default 0,
  sample_retention interval default interval '30 days',
  is_the_only_one boolean not null default true unique,
  constraint log_id_form check (log_id ~ '^[0-9a-f]{32}$'),
  constraint only_one check (is_the_only_one),
  constraint leaf_length check (octet_length(leaf) = 32),
  constraint peaks_are_hashes check (octet_length(peaks) % 32 = 0),
  constraint pruned_whole_tiles check (pruned_through % 256 = 0 and pruned_through between 0 and size),
  constraint sample_retention_positive check (sample_retention > interval '0')
);

comment on table integrity._history_head is
  'The head of the log: whoever appends holds the lock of this row, so events are numbered without gaps and without forks.';
comment on column integrity._history_head.size is 'Number of events, which is the seq of the last one.';
comment on column integrity._history_head.leaf is 'Leaf hash of the last event; 32 zero bytes before the first.';
comment on column integrity._history_head.peaks is
  'Roots of the perfect subtrees of the Merkle tree over all events, largest first, concatenated.';
comment on column integrity._history_head.event_key_id is
  'Key that signs events; NULL after its revocation. Where its seed is kept elsewhere, events that the database makes carry no signature.';
comment on column integrity._history_head.system_identifier is
  'Of the server, as the genesis or the last epoch event recorded it; with the timeline it tells a restored or promoted copy.';
comment on column integrity._history_head.pruned_through is
  'Events up to this seq may be gone, for integrity.prune_history removed them; their hashes are in integrity._tiles.';
comment on column integrity._history_head.sample_retention is 'How long the samples of a batch are kept; NULL means for ever.';

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
create index on integrity._events (seq) where type in ('genesis', 'key_registered', 'key_rotated', 'key_revoked', 'epoch', 'retention');

comment on table integrity._events is
  'Events as the exact bytes that are hashed and signed. The other columns repeat what the bytes say; verification compares them.';
comment on column integrity._events.seq is 'Position in the log, from 1: the order of events.';
comment on column integrity._events.prev is 'Leaf hash of the event before this one.';

create table integrity._tiles (
  log_id text not null,
  level int not null,
  index bigint not null,
  root bytea not null,
  hashes bytea not null,
  primary key (log_id, level, index),
  constraint level_not_negative check (level >= 0),
  constraint index_not_negative check (index >= 0),
  constraint root_length check (octet_length(root) = 32),
  constraint a_whole_tile check (octet_length(hashes) = 8192)
);

/* Incompressible, and read in parts. */
alter table integrity._tiles alter column hashes set storage external;

comment on table integrity._tiles is
  'The Merkle tree in whole tiles of height 8 (C2SP tlog-tiles): 256 neighbouring hashes of one level each. Proofs read a few of them instead of all events.';
comment on column integrity._tiles.level is '0: leaf hashes; n: roots of 256 tiles of level n - 1.';
comment on column integrity._tiles.root is 'Root of the subtree under this tile, which is one hash of the tile above.';

create table integrity._staged_samples (
  id bigint generated always as identity primary key,
  collection text not null,
  collection_id int not null,
  sampled_at timestamptz not null,
  state text not null,
  measured_state text not null,
  lambda_cut float8,
  lambda2 float8
);

comment on table integrity._staged_samples is
  'Samples that wait for integrity.sequence_samples to put them into the log, so that samplers do not wait for its head.';

create table integrity._sample_batches (
  log_id text not null,
  seq bigint not null,
  bytes bytea not null,
  primary key (log_id, seq)
);

comment on table integrity._sample_batches is
  'The samples of each event of type samples, as the canonical JSON whose SHA-256 that event holds. Retention removes old ones; the events stay.';

create table integrity._checkpoints (
  log_id text not null,
  size bigint not null,
  key_id text not null references integrity._signing_keys (id),
  note text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (log_id, size, key_id)
);

comment on table integrity._checkpoints is
  'Checkpoints of this log, as signed notes. Only a copy kept elsewhere proves anything against the administrator of the database.';

revoke all on
  integrity._signing_keys, integrity._database_seeds, integrity._key_uses, integrity._key_revocations, integrity._history_head,
  integrity._events, integrity._tiles, integrity._staged_samples, integrity._sample_batches, integrity._checkpoints
  from public;
