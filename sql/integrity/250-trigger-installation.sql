create or replace function integrity._members(
  relation regclass
)
returns table (
  oid oid,
  member text,
  is_leaf boolean
)
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return query
  select
    c.oid,
    case when c.relnamespace = root.relnamespace then c.relname::text else n.nspname || '.' || c.relname end,
    tree.isleaf
  from pg_catalog.pg_class root
  cross join lateral (
    select t.relid, t.isleaf from pg_partition_tree(root.oid) t
    union
    select root.oid, true where root.relkind <> 'p'
  ) as tree
  join pg_catalog.pg_class c on c.oid = tree.relid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where root.oid = _members.relation
    and (root.relkind = 'p' or c.oid = root.oid);
end
$fn$;

comment on function integrity._members is
  'The tables of a collection: the table itself and, when it is partitioned, every partition at any depth.';

create or replace function integrity._change_triggers(
  statements text[],
  attempts int
)
returns text[]
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  statement text;
  failures text[] := '{}';
begin
  foreach statement in array statements loop
    for attempt in 1 .. attempts loop
      begin
        execute statement;
        exit;
      exception
        when lock_not_available or object_in_use or insufficient_privilege or deadlock_detected then
          if attempt = attempts or sqlstate in ('42501', '55006') then
            failures := failures || format('%s: %s', statement, sqlerrm);
            /* A sampler holds locks that others wait for: where one lock is busy, the rest waits for the next sample. */
            if attempts = 1 then
              return failures;
            end if;
            exit;
          end if;
          perform pg_sleep(0.1 * attempt);
      end;
    end loop;
  end loop;
  return failures;
end
$fn$;

comment on function integrity._change_triggers is
  'Runs statements that create or drop triggers, each with retries where a lock is not to be had, and returns those that failed. The caller sets lock_timeout.';

create or replace function integrity._trigger_statements(
  collection text,
  relation regclass,
  collection_id int,
  wants_gate boolean,
  wants_batch boolean
)
returns text[]
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  statements text[];
begin
  /* Ours that should not be there: on any table, so that a detached partition is found too. */
  select coalesce(array_agg(format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass) order by t.tgrelid), '{}')
  into statements
  from pg_catalog.pg_trigger t
  where t.tgparentid = 0
    and not t.tgisinternal
    and split_part(encode(t.tgargs, 'escape'), '\000', 1) = collection
    and (
      (t.tgfoid = 'integrity._tg_gate()'::regprocedure and not wants_gate)
      or (t.tgfoid = 'integrity._tg_batch()'::regprocedure and (not wants_batch or t.tgrelid <> relation))
    );

  if wants_gate then
    statements := statements || array(
      select format(
        'create trigger _000_penstock_gate before insert or update or delete%s on %s for each statement execute function integrity._tg_gate(%L, %L)',
        case when c.relkind = 'f' then '' else ' or truncate' end, m.oid::regclass, collection,
        'integrity._epoch_' || collection_id
      )
      from integrity._members(relation) m
      join pg_catalog.pg_class c on c.oid = m.oid
      where not exists (
        select
        from pg_catalog.pg_trigger t
        where t.tgrelid = m.oid and t.tgfoid = 'integrity._tg_gate()'::regprocedure
      )
      order by m.oid
    );
  end if;
  if wants_batch and not exists (
    select
    from pg_catalog.pg_trigger t
    where t.tgrelid = relation and t.tgfoid = 'integrity._tg_batch()'::regprocedure
  ) then
    statements := statements || format(
      'create trigger _001_penstock_batch before insert on %s for each row execute function integrity._tg_batch(%L, %L)',
      relation, collection, 'penstock.rows_' || collection_id || '_'
    );
  end if;
  return statements;
end
$fn$;

comment on function integrity._trigger_statements is
  'The statements that bring the triggers of a collection from what the catalog shows to what is wanted.';

create or replace function integrity._maintain_triggers(
  collection text,
  attempts int default 1
)
returns text[]
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
language plpgsql
as $fn$
declare
  registered penstock._collections;
  wants_reads boolean;
  failures text[];
begin
  select p.reads into wants_reads from integrity._protections p where p.collection = _maintain_triggers.collection;
  if not found then
    return '{}';
  end if;
  registered := penstock._collection(collection);
  if attempts > 1 then
    perform set_config('lock_timeout', '2s', true);
  end if;
  failures := integrity._change_triggers(
    integrity._trigger_statements(
      collection, registered.relation, registered.id, true,
      exists (
        select
        from integrity._gates g
        where g.collection = _maintain_triggers.collection and g.batch_limit is not null
      )
    ) || integrity._read_statements(registered.relation, registered.id, wants_reads),
    attempts
  );
  update integrity._protections p
  set not_installed = failures
  where p.collection = _maintain_triggers.collection and p.not_installed is distinct from failures;
  return failures;
end
$fn$;

comment on function integrity._maintain_triggers is
  'Installs gate triggers, and row security where it was asked for, on new partitions of a protected collection, and the batch trigger while a limit can apply. Waits little for locks: what fails is noted and tried again at the next sample.';

revoke all on function
  integrity._members, integrity._change_triggers, integrity._trigger_statements, integrity._maintain_triggers
  from public;
/* The view integrity.health calls it with the rights of whoever reads the view. */
grant execute on function integrity._members to penstock_admin, penstock_operator, penstock_worker, penstock_user;
