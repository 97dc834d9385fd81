create table integrity._source_settings (
  is_only_row boolean primary key default true,
  server_probe_interval_secs float8 not null default 10,
  server_probe_timeout_secs float8 not null default 5,
  primary_key_interval_secs float8 default 86400,
  wal_budget_bytes bigint,
  constraint one_row check (is_only_row),
  constraint sane_server_probe_interval check (server_probe_interval_secs between 0.1 and 86400),
  constraint sane_server_probe_timeout check (server_probe_timeout_secs between 0.1 and 3600),
  constraint sane_primary_key_interval check (primary_key_interval_secs between 0.1 and 31622400),
  constraint sane_wal_budget check (wal_budget_bytes > 0)
);

comment on table integrity._source_settings is
  'How the server is looked at, where the defaults do not do. One row, or none for the defaults.';
comment on column integrity._source_settings.primary_key_interval_secs is 'NULL: primary keys are not checked.';
comment on column integrity._source_settings.wal_budget_bytes is 'Bytes that pg_wal may take; NULL: no budget.';

create table integrity._probes (
  kind text not null,
  collection text references penstock._collections (name) on update cascade on delete cascade,
  member text not null,
  started_at timestamptz,
  pid int,
  attempted_at timestamptz,
  succeeded_at timestamptz,
  status text not null default 'never',
  note text,
  result jsonb not null default '{}',
  unique nulls not distinct (kind, collection, member),
  constraint known_kind check (kind in ('server', 'ivfflat_lists', 'recall', 'primary_key', 'disk')),
  constraint known_status check (status in ('never', 'ok', 'failed', 'blind')),
  constraint attempted_or_never check ((status = 'never') = (attempted_at is null)),
  constraint running_or_not check ((started_at is null) = (pid is null))
);

comment on table integrity._probes is
  'The last measurement of what is too slow to be looked at in a sample. Samples read it; integrity.probe writes it.';
comment on column integrity._probes.kind is
  'server: a foreign server answers; ivfflat_lists: rows of lists; recall: of stored queries; primary_key: amcheck; disk: a worker reported.';
comment on column integrity._probes.collection is 'NULL for what belongs to the whole database.';
comment on column integrity._probes.started_at is 'When the probe that is under way began; NULL when none is.';
comment on column integrity._probes.status is 'never: not yet; ok; failed: it does not work; blind: the prober may not look.';

create table integrity._recall_probes (
  collection text primary key references penstock._collections (name) on update cascade on delete cascade,
  floor float8 not null,
  queries vector[] not null,
  set_at timestamptz not null default clock_timestamp(),
  set_by text not null default session_user,
  constraint floor_is_a_share check (floor > 0 and floor <= 1),
  constraint some_queries check (cardinality(queries) between 1 and 1000)
);

comment on table integrity._recall_probes is
  'Queries kept to measure the recall of a collection with, always the same ones, and the recall it should not fall below.';

create table integrity._replicas (
  slot_name text primary key,
  application_name text,
  system_identifier text not null,
  recorded_at timestamptz not null default clock_timestamp()
);

comment on table integrity._replicas is
  'Replication slots of standbys seen on this server. One that is here and not in pg_replication_slots is missing. Only integrity.rebuild_graph forgets.';
comment on column integrity._replicas.application_name is 'As its standby was last connected, by which synchronous_standby_names knows it.';
comment on column integrity._replicas.system_identifier is 'Rows of another server, which a dump may bring along, do not count.';

create or replace view integrity.probes as
select p.kind, p.collection, p.member, p.status, p.attempted_at, p.succeeded_at, p.started_at as running_since, p.note, p.result
from integrity._probes p;

comment on view integrity.probes is
  'The last result of every probe: foreign servers, IVFFlat lists, recall, primary keys, disk. status: never, ok, failed, blind (may not look).';

create or replace view integrity.sources as
select
  coalesce(s.server_probe_interval_secs, 10) as server_probe_interval_secs,
  coalesce(s.server_probe_timeout_secs, 5) as server_probe_timeout_secs,
  case when s.is_only_row then s.primary_key_interval_secs else 86400 end as primary_key_interval_secs,
  s.wal_budget_bytes
from (values (true)) as always (yes)
left join integrity._source_settings s on s.is_only_row;

comment on view integrity.sources is
  'How the server is looked at: seconds between probes of foreign servers and what one may take, between checks of primary keys (NULL: never), the budget of pg_wal in bytes (NULL: none).';

revoke all on
  integrity._source_settings, integrity._probes, integrity._recall_probes, integrity._replicas, integrity.probes, integrity.sources
  from public;
grant select on integrity.probes, integrity.sources
  to penstock_admin, penstock_operator, penstock_worker, penstock_user;
