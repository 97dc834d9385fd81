create table integrity._policies (
  collection text not null references penstock._collections (name) on update cascade on delete cascade,
  name text not null,
  settings jsonb not null,
  enabled boolean not null default true,
  priority int not null generated always as ((settings ->> 'priority')::int) stored,
  mode text not null generated always as (settings ->> 'mode') stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text not null default session_user,
  primary key (collection, name),
  constraint settings_carry_the_name check (settings ->> 'name' = name)
);

comment on table integrity._policies is
  'Policies, several a collection. The enabled one with the highest priority is active; settings are complete and validated.';
comment on column integrity._policies.settings is 'A complete policy as integrity.validate_policy returns it.';

create or replace view integrity.policies as
select
  p.collection,
  p.name,
  p.enabled,
  p.priority,
  p.mode,
  p.enabled and not exists (
    select
    from integrity._policies better
    where better.collection = p.collection
      and better.enabled
      and (better.priority > p.priority or (better.priority = p.priority and better.name < p.name))
  ) as active,
  p.settings,
  p.updated_at,
  p.updated_by
from integrity._policies p;

comment on view integrity.policies is
  'Every policy of every collection. active: the one that the gates follow.';

revoke all on integrity._policies, integrity.policies from public;
grant select on integrity.policies to penstock_admin, penstock_operator, penstock_worker, penstock_user;
