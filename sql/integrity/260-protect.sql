create or replace function integrity._not_installable(
  relation regclass,
  reads boolean
)
returns text[]
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return array(
    select format('%s is a foreign table: TRUNCATE%s there does not ask the gate', m.oid::regclass,
      case when reads then ' and SELECT' else '' end)
    from integrity._members(relation) m
    join pg_catalog.pg_class c on c.oid = m.oid and c.relkind = 'f'
    order by m.oid
  ) || array(
    select format('row security of %s does not bind its owner %I: alter table %1$s force row level security', c.oid::regclass, r.rolname)
    from pg_catalog.pg_class c
    join pg_catalog.pg_roles r on r.oid = c.relowner
    where reads and c.oid = relation and not c.relforcerowsecurity
  ) || array(
    select 'superusers and roles with BYPASSRLS read past row security' where reads
  ) || array(
    select 'CREATE INDEX typed by hand does not ask the gate: a superuser may run integrity.install_event_triggers()'
    where not exists (
      select from pg_catalog.pg_event_trigger e where e.evtname = 'penstock_gate_ddl' and e.evtenabled <> 'D'
    )
  );
end
$fn$;

comment on function integrity._not_installable is
  'What the gate of a table does not cover, in words, with the statement that would change it where there is one.';

create or replace function integrity.protect(
  collection text,
  mode text default null,
  reads boolean default null
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  registered constant penstock._collections := penstock._collection(collection);
  is_new boolean;
  failures text[];
begin
  if registered.relation::oid in (
    select c.oid from pg_catalog.pg_class c where c.relkind not in ('r', 'p')
  ) then
    raise exception using
      errcode = '42809',
      message = format('collection %L: expected a table, got %s', collection, registered.relation),
      hint = 'Protect the table that the view or foreign table stands for, where it is.';
  end if;
  if protect.mode is not null then
    perform integrity._set_mode(collection, protect.mode);
  end if;
  insert into integrity._protections (collection)
  values (protect.collection)
  on conflict on constraint _protections_pkey do nothing;
  is_new := found;
  if protect.reads then
    /* Policies run with the rights of whoever reads the table; without USAGE on the schema nobody can call it by name. */
    grant execute on function integrity._read_gate to public;
  end if;
  update integrity._protections p
  set reads = protect.reads
  where p.collection = protect.collection and p.reads is distinct from protect.reads and protect.reads is not null;
  perform integrity._record_inventory(collection, 'protect');

  failures := integrity._maintain_triggers(collection, 5);
  if failures <> '{}' then
    raise exception using
      errcode = case when exists (select from unnest(failures) f where f like '%permission denied%' or f like '%must be owner%') then '42501' else '55P03' end,
      message = format('collection %L could not be protected: %s of its triggers were not created', collection, cardinality(failures)),
      detail = array_to_string(failures, E'\n'),
      hint = 'Nothing was changed. Retry when no long transaction writes to the table; the owner of schema integrity needs the rights of the owner of the table.';
  end if;
  if is_new then
    perform integrity._append_event('protect', collection, jsonb_build_object('relation', registered.relation::text));
  end if;
  return (
    select jsonb_build_object(
      'collection', protect.collection,
      'mode', s.mode,
      'tables', (
        select jsonb_agg(m.member order by m.member)
        from integrity._members(registered.relation) m
      ),
      'batch_limit', (
        select g.batch_limit
        from integrity._gates g
        where g.collection = protect.collection and g.operation = 'insert'
      ),
      'reads', p.reads,
      'not_installed', to_jsonb(integrity._not_installable(registered.relation, p.reads))
    )
    from integrity._states s
    join integrity._protections p using (collection)
    where s.collection = protect.collection
  );
end
$fn$;

comment on function integrity.protect is
  'Puts the gate in front of every write to the table of a collection and to each of its partitions. mode changes the active policy; NULL keeps it, and it starts as observe. reads: whether row security asks the gate of every SELECT, too; NULL keeps that, and it starts as false. Returns what is guarded and what cannot be. Never scans; takes SHARE ROW EXCLUSIVE locks (ACCESS EXCLUSIVE for row security) with a lock_timeout of 2 s and five attempts. Safe to repeat. Errors: 42704, 22023 unknown mode, 55P03 no lock, 42501.';

create or replace function integrity.unprotect(
  collection text
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
language plpgsql
as $fn$
declare
  registered constant penstock._collections := penstock._collection(collection);
  failures text[];
begin
  failures := integrity._change_triggers(
    integrity._trigger_statements(collection, registered.relation, registered.id, false, false)
      || integrity._read_statements(registered.relation, registered.id, false),
    5
  );
  if failures <> '{}' then
    raise exception using
      errcode = '55P03',
      message = format('collection %L is still protected: %s triggers were not dropped', collection, cardinality(failures)),
      detail = array_to_string(failures, E'\n'),
      hint = 'Nothing was changed. Retry when no long transaction uses the table.';
  end if;
  delete from integrity._protections p where p.collection = unprotect.collection;
  if found then
    perform integrity._append_event('unprotect', collection, jsonb_build_object('relation', registered.relation::text));
  end if;
end
$fn$;

comment on function integrity.unprotect is
  'Takes the gate away: drops exactly the triggers and policies that protect installed, detached partitions included; row security that was off before is off again, unless others have added policies since. Takes ACCESS EXCLUSIVE locks with a lock_timeout of 2 s and five attempts. Errors: 42704, 55P03 no lock.';

revoke all on function integrity._not_installable, integrity.protect, integrity.unprotect from public;
grant execute on function integrity.protect, integrity.unprotect to penstock_admin, penstock_operator;
