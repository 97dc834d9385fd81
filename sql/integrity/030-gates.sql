create table integrity._gates (
  collection text collate "C" not null references penstock._collections (name) on update cascade on delete cascade,
  operation text collate "C" not null,
  collection_id int not null,
  response text not null,
  allowed boolean not null,
  risk_level text not null,
  state text not null,
  throttle_factor float8 not null,
  throttle_pct int not null,
  retry_after_secs int,
  reason text,
  lambda_cut float8,
  mode text not null,
  enforced boolean not null,
  refusal_code text,
  max_concurrent int,
  max_batch_size int,
  batch_limit int,
  stale_after_secs float8,
  stale_at timestamptz,
  refuse_on_error boolean not null,
  epoch bigint not null,
  published bigint not null,
  epoch_sequence regclass not null,
  counter regclass not null,
  probe_budget int not null default 0,
  primary key (collection, operation),
  constraint known_response check (response in ('allow', 'throttle', 'defer', 'reject')),
  constraint a_refusal_has_a_code check ((response = 'allow') = (refusal_code is null)),
  constraint factor_is_a_probability check (throttle_factor between 0 and 1)
)
with (fillfactor = 50);

comment on table integrity._gates is
  'The compiled gates, one row per collection and operation: all that a gate reads, decided in advance.';
comment on column integrity._gates.collection is 'Under collation "C", as the operation is: bytes are compared faster than words.';
comment on column integrity._gates.batch_limit is
  'Rows that one INSERT may write before it counts as bulk; NULL when a bulk insert meets no limit. Set for insert only.';
comment on column integrity._gates.stale_after_secs is 'Seconds without a sample after which the gate allows; NULL keeps the state.';
comment on column integrity._gates.stale_at is 'From then on the gate allows, for nobody has sampled.';
comment on column integrity._gates.published is 'What the epoch sequence shows while this row is in force and the kill switch is off: the one comparison of the fast path.';
comment on column integrity._gates.probe_budget is 'While a recovery is being held: how many refusals until the next sample are let through, of all operations together.';
comment on column integrity._gates.counter is 'Sequence of the refusals; nextval survives the rollback that a refusal causes.';

create or replace view integrity._gate_reads as
select
  g.*,
  seen.value & 2 <> 0 as killed,
  seen.value & 1 <> 0 and seen.value >> 3 > g.epoch as is_behind,
  g.stale_at is not null and g.stale_at < clock_timestamp() as is_stale
from integrity._gates g
/* offset 0: read the sequence once, not once for each column. */
cross join lateral (select coalesce(pg_sequence_last_value(g.epoch_sequence), 0) offset 0) as seen (value);

comment on view integrity._gate_reads is
  'A compiled gate and what its published epoch says. is_behind: the snapshot is older than the gates in force.';

create table integrity._refusal_marks (
  collection text not null references penstock._collections (name) on update cascade on delete cascade,
  operation text not null,
  marked_at timestamptz not null,
  mode text not null,
  total bigint not null,
  added bigint not null,
  primary key (collection, operation, marked_at)
);

comment on table integrity._refusal_marks is
  'What the refusal counters had reached at a sample that saw them move. Kept for a day, for the question what enforce would have refused.';

create sequence integrity._gate_failures as bigint;

comment on sequence integrity._gate_failures is
  'Operations that passed, or were refused where the policy says so, because a gate could not decide.';

create table integrity.exemptions (
  role_name text primary key,
  operations text[],
  reason text not null,
  added_at timestamptz not null default now(),
  added_by text not null default session_user
);

comment on table integrity.exemptions is
  'Roles that no gate refuses. Empty by default: owners and superusers are bound like everyone.';
comment on column integrity.exemptions.role_name is 'The role in force: that of SET ROLE, else the one that logged in. Memberships do not count.';
comment on column integrity.exemptions.operations is 'The operations that the role may always do; NULL for all.';

revoke all on integrity._gates, integrity._gate_reads, integrity._refusal_marks, integrity._gate_failures, integrity.exemptions
  from public;
grant select on integrity.exemptions to penstock_operator, penstock_worker;
grant select, insert, update, delete on integrity.exemptions to penstock_admin;
