create or replace function integrity.protect(
  collection text,
  mode text default null
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
      )
    )
    from integrity._states s
    where s.collection = protect.collection
  );
end
$fn$;

comment on function integrity.protect is
  'Puts the gate in front of every write to the table of a collection and to each of its partitions. mode changes the active policy; NULL keeps it, and it starts as observe. Never scans; takes SHARE ROW EXCLUSIVE locks with a lock_timeout of 2 s and five attempts. Safe to repeat. Errors: 42704, 22023 unknown mode, 55P03 no lock, 42501.';

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
    integrity._trigger_statements(collection, registered.relation, registered.id, false, false), 5
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
  'Takes the gate away: drops exactly the triggers that protect installed, detached partitions included. Takes ACCESS EXCLUSIVE locks with a lock_timeout of 2 s and five attempts. Errors: 42704, 55P03 no lock.';

revoke all on function integrity.protect, integrity.unprotect from public;
grant execute on function integrity.protect, integrity.unprotect to penstock_admin, penstock_operator;
