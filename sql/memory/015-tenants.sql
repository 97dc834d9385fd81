create or replace function memory.create_namespace(
  name text
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  asker constant name := coalesce(nullif(current_setting('role'), 'none'), session_user);
begin
  if create_namespace.name is null or create_namespace.name !~ '^[[:alnum:]_][[:alnum:]_.:@/-]{0,127}$' then
    raise exception using errcode = '42602',
      message = format('expected a name for the namespace, got %L', left(create_namespace.name, 100)),
      hint = 'A name has up to 128 letters, digits and the characters _ . : @ / - in it.';
  end if;
  insert into memory._namespaces (name, settings)
  values (create_namespace.name, memory._change_settings('{}', '{}'))
  on conflict do nothing;
  if not found then
    if memory._reaches(create_namespace.name, true) then
      return;
    end if;
    raise exception using errcode = '42710',
      message = format('the name %L is not free for a namespace', create_namespace.name);
  end if;
  insert into memory._access (namespace, role_name, may_write) values (create_namespace.name, asker, true);
end
$fn$;

comment on function memory.create_namespace is
  'Creates a namespace that the calling role, with its members, may read and write. Nothing happens where the caller may write it already. Errors: 42602, 42710 for a name that others have.';

create or replace function memory.grant_namespace(
  namespace text,
  to_role name,
  may_write boolean default false
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  namespace := memory._enter(namespace, 'read', true);
  if to_role is null or not exists (select from pg_roles r where r.rolname = to_role) then
    raise exception using errcode = '42704', message = format('role %L does not exist', to_role);
  end if;
  insert into memory._access (namespace, role_name, may_write)
  values (grant_namespace.namespace, to_role, coalesce(grant_namespace.may_write, false))
  on conflict on constraint _access_pkey do update set may_write = excluded.may_write;
end
$fn$;

comment on function memory.grant_namespace is
  'Lets a role, with its members, read a namespace, or also write it. For roles that may write it. Errors: 42704 for an unknown role or namespace.';

create or replace function memory.revoke_namespace(
  namespace text,
  from_role name
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  namespace := memory._enter(namespace, 'read', true);
  delete from memory._access a
  where a.namespace = revoke_namespace.namespace and a.role_name = from_role;
  if not found then
    raise exception using errcode = '42704',
      message = format('role %L was given no access to namespace %L', from_role, namespace);
  end if;
end
$fn$;

comment on function memory.revoke_namespace is
  'Takes back what grant_namespace or create_namespace gave a role. Members of penstock_admin always reach every namespace.';

create or replace function memory.drop_namespace(
  name text
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  deleted bigint;
begin
  name := memory._enter(name, 'bulk_delete', true);
  delete from memory.memories m where m.namespace = drop_namespace.name;
  get diagnostics deleted = row_count;
  delete from memory._namespaces n where n.name = drop_namespace.name;
  return deleted;
end
$fn$;

comment on function memory.drop_namespace is
  'Forgets a namespace with everything in it, for good, and returns the number of memories.';

create or replace function memory.set_settings(
  settings jsonb,
  namespace text default null
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  namespace := memory._enter(namespace, 'read', true);
  update memory._namespaces n
  set settings = memory._change_settings(n.settings, set_settings.settings)
  where n.name = set_settings.namespace
  returning n.settings into settings;
  return settings;
end
$fn$;

comment on function memory.set_settings is
  'Changes settings of a namespace and returns all of them: desired_retention (0.9), maximum_interval in days (36500), weights (the 21 of FSRS-6), reinforce_at (0.95) and update_at (0.85), the cosine similarities that insert with dedupe goes by. null brings a default back. Errors: 22023.';

revoke all on function
  memory.create_namespace, memory.grant_namespace, memory.revoke_namespace, memory.drop_namespace, memory.set_settings
  from public;
grant execute on function
  memory.create_namespace, memory.grant_namespace, memory.revoke_namespace, memory.drop_namespace, memory.set_settings
  to penstock_user;
