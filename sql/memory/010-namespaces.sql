create table memory._namespaces (
  name text primary key,
  settings jsonb not null,
  created_at timestamptz not null default now(),
  documents bigint not null default 0,
  lexemes bigint not null default 0,
  counted_at timestamptz,
  constraint sane_name check (name ~ '^[[:alnum:]_][[:alnum:]_.:@/-]{0,127}$'),
  constraint counted_together check ((documents = 0) or (counted_at is not null))
);

comment on table memory._namespaces is
  'One row for each tenant of the memory, with its settings. Everything that is remembered belongs to exactly one.';
comment on column memory._namespaces.settings is 'All settings, defaults included: see memory.set_settings.';
comment on column memory._namespaces.documents is 'Number of memories when words were last counted (memory.vacuum).';
comment on column memory._namespaces.lexemes is 'Sum of their lengths in distinct words, then.';
comment on column memory._namespaces.counted_at is 'When words were last counted; NULL for never.';

create table memory._access (
  namespace text not null references memory._namespaces (name) on delete cascade,
  role_name name not null,
  may_write boolean not null,
  primary key (namespace, role_name)
);

comment on table memory._access is
  'Which roles may reach which namespace. A role is meant with all its members.';
comment on column memory._access.role_name is 'A name, so that dumps carry it to another cluster.';

revoke all on memory._namespaces, memory._access from public;

/*
 * Functions here run with the rights of their owner, where current_user says nothing about
 * who asks. What counts is SET ROLE, else the login: nobody can change these from inside.
 */
create or replace function memory._reachable(
  writing boolean default false
)
returns text[]
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  asker constant name := coalesce(nullif(current_setting('role'), 'none'), session_user);
  narrowed constant text := nullif(current_setting('memory.namespace', true), '');
begin
  if pg_has_role(asker, 'penstock_admin', 'usage') then
    return array(select n.name from memory._namespaces n where narrowed is null or n.name = narrowed);
  end if;
  return array(
    select distinct a.namespace
    from memory._access a
    join pg_roles r on r.rolname = a.role_name
    where pg_has_role(asker, r.oid, 'usage')
      and (a.may_write or not writing)
      and (narrowed is null or a.namespace = narrowed)
  );
end
$fn$;

comment on function memory._reachable is
  'The namespaces that the role in force may read, or write. penstock_admin reaches all. The setting memory.namespace narrows them to one.';

create or replace function memory._reaches(
  namespace text,
  writing boolean
)
returns boolean
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  asker constant name := coalesce(nullif(current_setting('role'), 'none'), session_user);
begin
  if namespace is distinct from coalesce(nullif(current_setting('memory.namespace', true), ''), namespace) then
    return false;
  end if;
  return exists (
    select
    from memory._access a
    join pg_roles r on r.rolname = a.role_name
    where a.namespace = _reaches.namespace
      and (a.may_write or not writing)
      and pg_has_role(asker, r.oid, 'usage')
  ) or (
    pg_has_role(asker, 'penstock_admin', 'usage')
    and exists (select from memory._namespaces n where n.name = _reaches.namespace)
  );
end
$fn$;

comment on function memory._reaches is
  'Whether the role in force may read, or write, one namespace.';

create or replace function memory._enter(
  namespace text,
  operation text,
  writing boolean default false
)
returns text
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  wanted constant text := coalesce(namespace, nullif(current_setting('memory.namespace', true), ''), 'default');
begin
  if not memory._reaches(wanted, writing) then
    if writing and memory._reaches(wanted, false) then
      raise exception using errcode = '42501',
        message = format('namespace %L may be read, not written, by this role', wanted),
        hint = format('An owner of it runs: select memory.grant_namespace(%L, ROLE, may_write => true).', wanted);
    end if;
    /* The same words whether it exists or not: its name is no business of strangers. */
    raise exception using errcode = '42704',
      message = format('namespace %L does not exist, or this role may not use it', left(wanted, 100)),
      hint = format('Create it with: select memory.create_namespace(%L). Yours: select name from memory.namespaces.', left(wanted, 100));
  end if;
  begin
    perform integrity.enter('memory', operation);
  exception
    when undefined_object then
      raise exception using errcode = '55000',
        message = 'the memory is not set up in this database',
        hint = 'An administrator runs: select memory.init(''name-of-the-embedding-model'', DIMENSIONS), or memory.init() for text only.';
  end;
  /* Whoever asks for the model from here on gets the one whose vectors it will meet: a swap of them waits. */
  lock table memory.memories in access share mode;
  return wanted;
end
$fn$;

comment on function memory._enter is
  'The door of every function: the namespace that is meant (NULL: the setting memory.namespace, else default), after asking who may use it and what the gate says. Until the end of the transaction the embeddings stay those of one model. Errors: 42704, 42501, 55000 before memory.init, and the refusals of the gate.';

revoke all on function memory._reachable, memory._reaches, memory._enter from public;
/* Row security calls it with the rights of whoever reads. */
grant execute on function memory._reachable to penstock_user;

create or replace view memory.namespaces
with (security_barrier = true)
as
select
  n.name,
  n.settings,
  n.created_at,
  n.name = any ((select memory._reachable(true))::text[]) as may_write
from memory._namespaces n
where n.name = any ((select memory._reachable(false))::text[]);

comment on view memory.namespaces is
  'The namespaces that this role may read, with their settings.';
comment on column memory.namespaces.may_write is 'True when it may also write there.';

revoke all on memory.namespaces from public;
grant select on memory.namespaces to penstock_user;
