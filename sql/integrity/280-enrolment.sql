create or replace function integrity._enrol(
  collection text
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  registered constant penstock._collections := penstock._collection(collection);
  sequence_name constant text := format('_epoch_%s', registered.id);
begin
  if exists (select from integrity._states s where s.collection = _enrol.collection) then
    return;
  end if;
  execute format('create sequence integrity.%I as bigint minvalue 0 start 0', sequence_name);
  execute format(
    'comment on sequence integrity.%I is %L', sequence_name, format('Epoch of the gates of collection %s.', collection)
  );
  execute format('create sequence integrity._probes_%s as bigint', registered.id);
  execute format(
    'comment on sequence integrity._probes_%s is %L', registered.id,
    format('Probes that passed the half-open gate of collection %s since its last sample.', collection)
  );
  insert into integrity._policies (collection, name, settings)
  /* Below what a policy has unless told, so that the first one somebody adds is the active one. */
  values (_enrol.collection, 'default', integrity.validate_policy('{"priority": -1}'));
  insert into integrity._states (collection, collection_id, epoch_sequence)
  values (_enrol.collection, registered.id, format('integrity.%I', sequence_name)::regclass);
  perform integrity._record_inventory(collection, 'register');
  perform integrity._compile(collection);
end
$fn$;

comment on function integrity._enrol is
  'Gives a new collection its default policy (mode observe), its state, its inventory and its gates. Repeating it does nothing.';

create or replace function integrity._withdraw(
  collection text,
  collection_id int,
  relation regclass
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
  failures text[];
  sequence_name text;
begin
  failures := integrity._change_triggers(
    integrity._trigger_statements(collection, relation, collection_id, false, false)
      || integrity._read_statements(relation, collection_id, false),
    5
  );
  if failures <> '{}' then
    raise exception using
      errcode = '55P03',
      message = format('collection %L is still protected: %s triggers were not dropped', collection, cardinality(failures)),
      detail = array_to_string(failures, E'\n'),
      hint = 'Nothing was changed. Retry when no long transaction uses the table.';
  end if;
  delete from integrity._states s where s.collection = _withdraw.collection;
  delete from integrity._gates g where g.collection = _withdraw.collection;
  for sequence_name in
    select c.relname
    from pg_catalog.pg_class c
    where c.relnamespace = 'integrity'::regnamespace
      and c.relkind = 'S'
      and (c.relname in ('_epoch_' || collection_id, '_probes_' || collection_id) or starts_with(c.relname::text, '_refused_' || collection_id || '_'))
  loop
    execute format('drop sequence integrity.%I', sequence_name);
  end loop;
end
$fn$;

comment on function integrity._withdraw is
  'Takes the triggers, gates and sequences of a collection away before its registration goes.';

create or replace function integrity._tg_collections__enrol()
returns trigger
volatile
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._enrol(new.name);
  return null;
end
$fn$;

comment on function integrity._tg_collections__enrol is
  'Every collection has a policy, a state and gates from its registration on.';

create or replace function integrity._tg_collections__withdraw()
returns trigger
volatile
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._withdraw(old.name, old.id, old.relation);
  return old;
end
$fn$;

comment on function integrity._tg_collections__withdraw is
  'Leaves no trigger behind on a table whose collection is unregistered.';

revoke all on function
  integrity._enrol, integrity._withdraw, integrity._tg_collections__enrol, integrity._tg_collections__withdraw
  from public;

create or replace trigger _500_enrol
after insert on penstock._collections
for each row
execute function integrity._tg_collections__enrol();

create or replace trigger _500_withdraw
before delete on penstock._collections
for each row
execute function integrity._tg_collections__withdraw();
