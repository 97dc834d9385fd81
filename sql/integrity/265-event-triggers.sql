/*
 * Optional, for PostgreSQL lets only superusers create event triggers. One refuses index
 * builds, at the start of the command: at its end a refusal would leave an INVALID index
 * behind. The other puts the gate on new partitions at once instead of at the next sample.
 */
create or replace function integrity._tg_ddl__gate_index()
returns event_trigger
volatile
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  statement constant text := lower(current_query());
  affected text;
begin
  /* At the start of a command PostgreSQL does not say which table it is about; its text does, where it is typed. */
  for affected in
    select distinct p.collection
    from integrity._protections p
    join penstock._collections c on c.name = p.collection
    cross join lateral integrity._members(c.relation) m
    join pg_catalog.pg_class t on t.oid = m.oid
    where statement ~ ('\m' || regexp_replace(lower(t.relname), '(\W)', '\\\1', 'g') || '\M')
      /* What repairs stays possible: an index for a table that has none. */
      and not exists (
        select
        from integrity._members(c.relation) leaf
        where leaf.is_leaf
          and not exists (select from integrity._vector_indexes(leaf.oid, c.vector_column) v where v.is_valid)
      )
    order by 1
  loop
    perform integrity.enter(affected, 'index_build');
  end loop;
exception
  when others then
    if integrity._is_answer(sqlstate) then
      raise;
    end if;
    raise warning using message = format('an index was built without a gate: %s', sqlerrm);
end
$fn$;

comment on function integrity._tg_ddl__gate_index is
  'Asks the gate of index_build before a CREATE INDEX whose text names a table of a protected collection, unless the collection lacks an index.';

create or replace function integrity._tg_ddl__guard_partitions()
returns event_trigger
volatile
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  affected text;
begin
  for affected in
    select distinct p.collection
    from pg_event_trigger_ddl_commands() d
    join pg_catalog.pg_class t on t.oid = d.objid and d.classid = 'pg_class'::regclass
    join integrity._protections p on true
    join penstock._collections c on c.name = p.collection
    join integrity._members(c.relation) m on m.oid = t.oid or t.oid = c.relation
    where not exists (
      select from pg_catalog.pg_trigger g where g.tgrelid = m.oid and g.tgfoid = 'integrity._tg_gate()'::regprocedure
    )
    order by 1
  loop
    perform integrity._maintain_triggers(affected);
  end loop;
exception
  when others then
    raise warning using message = format('the gate was not put on a new partition: %s', sqlerrm),
      hint = 'The next sample tries again.';
end
$fn$;

comment on function integrity._tg_ddl__guard_partitions is
  'Puts the gate on partitions that CREATE TABLE and ALTER TABLE add to protected collections.';

create or replace function integrity.install_event_triggers()
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  if not (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user) then
    raise exception using
      errcode = '42501',
      message = 'expected a superuser: PostgreSQL lets nobody else create event triggers',
      hint = 'Managed services have none. Without them, penstock index is the gated way, and samples put the gate on new partitions.';
  end if;
  perform integrity.remove_event_triggers();
  create event trigger penstock_gate_ddl on ddl_command_start
    when tag in ('CREATE INDEX')
    execute function integrity._tg_ddl__gate_index();
  create event trigger penstock_guard_partitions on ddl_command_end
    when tag in ('CREATE TABLE', 'ALTER TABLE')
    execute function integrity._tg_ddl__guard_partitions();
end
$fn$;

comment on function integrity.install_event_triggers is
  'Optional, needs a superuser: CREATE INDEX typed by hand asks the gate of index_build, and new partitions get the gate at once. Safe to repeat. Errors: 42501.';

create or replace function integrity.remove_event_triggers()
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  drop event trigger if exists penstock_gate_ddl;
  drop event trigger if exists penstock_guard_partitions;
end
$fn$;

comment on function integrity.remove_event_triggers is
  'Removes what install_event_triggers made. Errors: 42501.';

revoke all on function
  integrity._tg_ddl__gate_index, integrity._tg_ddl__guard_partitions,
  integrity.install_event_triggers, integrity.remove_event_triggers
  from public;
grant execute on function integrity.install_event_triggers, integrity.remove_event_triggers to penstock_admin;
