/*
 * What uninstalling would do, as statements: `penstock uninstall` shows or runs them, and psql can,
 * too. Read off the catalogs, so that it knows whatever later versions install.
 */
create or replace view penstock._schemas as
select n.oid as schema_id, n.nspname as schema_name
from pg_catalog.pg_namespace n
where n.nspname in ('penstock', 'integrity', 'memory');

comment on view penstock._schemas is
  'The schemas that Penstock owns whole. Everything in them goes when it is uninstalled.';

create or replace view penstock._outside_dependents as
with inside as (
  select d.classid, d.objid
  from pg_catalog.pg_depend d
  join penstock._schemas s on d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = s.schema_id
  union
  /* Row types and array types depend on their table or element, not on the schema. */
  select 'pg_catalog.pg_type'::regclass, t.oid
  from pg_catalog.pg_type t
  join penstock._schemas s on s.schema_id = t.typnamespace
),
dependent as (
  select distinct d.classid, d.objid, d.objsubid
  from pg_catalog.pg_depend d
  join inside i on i.classid = d.refclassid and i.objid = d.refobjid
  where d.deptype in ('n', 'a')
    and not exists (select from inside own where own.classid = d.classid and own.objid = d.objid)
)
select
  object.type as kind,
  object.identity,
  /* A trigger, policy, constraint, default or rule has no schema of its own: its table comes first in its address. */
  coalesce(object.schema, address.object_names[1]) as schema_name,
  address.object_names,
  d.classid,
  d.objid
from dependent d
cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) as object
cross join lateral pg_catalog.pg_identify_object_as_address(d.classid, d.objid, d.objsubid) as address
where coalesce(object.schema, address.object_names[1], '') <> all (array(select s.schema_name::text from penstock._schemas s))
  and coalesce(object.schema, '') <> 'pg_toast';

comment on view penstock._outside_dependents is
  'Objects in other schemas that depend on something of ours: triggers of gates, and what users made.';

create or replace function penstock._is_empty(
  relation regclass
)
returns boolean
stable
parallel safe
set search_path = pg_catalog, pg_temp
set row_security = off
language plpgsql
as $fn$
declare
  has_rows boolean;
begin
  execute format('select exists (select from %s)', relation) into has_rows;
  return not has_rows;
end
$fn$;

comment on function penstock._is_empty is
  'Whether a table has no row at all, those included that row-level security would hide (42501 where it may not be off).';

create or replace function penstock.uninstall_plan(
  drop_data boolean default false
)
returns table (
  action text,
  object text,
  statement text
)
stable
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  owned record;
begin
  /* What is on tables of users, and leaves them as they were before. */
  return query
  select
    case when change.statement is null then 'blocked' else 'run' end,
    d.kind || ' ' || d.identity,
    change.statement
  from penstock._outside_dependents d
  cross join lateral (
    select
      case d.kind
        when 'trigger' then format('drop trigger %I on %I.%I', d.object_names[3], d.object_names[1], d.object_names[2])
        when 'policy' then format('drop policy %I on %I.%I', d.object_names[3], d.object_names[1], d.object_names[2])
        when 'table constraint' then
          format('alter table %I.%I drop constraint %I', d.object_names[1], d.object_names[2], d.object_names[3])
        when 'default value' then
          format('alter table %I.%I alter column %I drop default', d.object_names[1], d.object_names[2], d.object_names[3])
        when 'event trigger' then format('drop event trigger %s', d.identity)
      end
  ) as change (statement)
  /* PostgreSQL takes the trigger of a partition away with that of its parent. */
  where not exists (
    select
    from pg_catalog.pg_trigger t
    where d.classid = 'pg_catalog.pg_trigger'::regclass and t.oid = d.objid and (t.tgparentid <> 0 or t.tgisinternal)
  )
  order by 1 desc, 2;

  for owned in
    select c.name, c.relation
    from penstock._collections c
    join pg_catalog.pg_class r on r.oid = c.relation
    where c.owned
    order by c.name
  loop
    action := case when drop_data then 'run' else 'keep' end;
    object := format('table %s of collection %L', owned.relation, owned.name);
    statement := case when drop_data then format('drop table %s', owned.relation) end;
    return next;
  end loop;

  for owned in
    select c.oid::regclass as relation
    from pg_catalog.pg_class c
    join penstock._schemas s on s.schema_id = c.relnamespace
    where s.schema_name = 'memory' and c.relkind in ('r', 'p') and not c.relispartition
    order by 1
  loop
    if not penstock._is_empty(owned.relation) then
      action := case when drop_data then 'lose' else 'blocked' end;
      object := format('rows of table %s', owned.relation);
      statement := null;
      return next;
    end if;
  end loop;

  return query
  select 'run', 'schema ' || s.schema_name, format('drop schema %I cascade', s.schema_name)
  from penstock._schemas s
  order by array_position(array['memory', 'integrity', 'penstock'], s.schema_name::text);

  /* Ours by the mark that the preamble of the installation left. */
  return query
  select 'lose', 'the signed history', null
  where exists (select from integrity.events);

  /* Ours by the mark that the preamble of the installation left; refused by PostgreSQL where something else uses it. */
  return query
  select 'try', 'extension ' || e.extname, format('drop extension %I', e.extname)
  from pg_catalog.pg_extension e
  where obj_description(e.oid, 'pg_extension') like '% (created by Penstock)'
  order by e.extname;
end
$fn$;

comment on function penstock.uninstall_plan is
  'What uninstalling does, in order. action: run (statement), try (statement that may fail, then the object stays), keep, lose (rows that go with their schema), blocked (something of the users that must be settled first). Tables that create_collection made are kept unless drop_data. Changes nothing.';

revoke all on penstock._schemas, penstock._outside_dependents from public;
revoke all on function penstock._is_empty, penstock.uninstall_plan from public;
grant execute on function penstock.uninstall_plan to penstock_admin;
