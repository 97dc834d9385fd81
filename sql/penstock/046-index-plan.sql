create type penstock._index_step as (
  action text,
  relation regclass,
  statement text,
  undo text,
  lock_timeout text
);

comment on type penstock._index_step is
  'One statement of an index build, to be run outside a transaction block. undo takes back what it made; lock_timeout is what it may wait for a lock, 0 where it waits for other transactions by its nature.';

create or replace function penstock._index_settings(
  target penstock._collections,
  memory text,
  workers int
)
returns setof penstock._index_step
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  needed_kb float8;
  granted_kb constant float8 := (
    select s.setting::float8 from pg_catalog.pg_settings s where s.name = 'maintenance_work_mem'
  );
  shared_kb constant float8 := (
    select s.setting::float8 * 8 from pg_catalog.pg_settings s where s.name = 'shared_buffers'
  );
begin
  if memory is null then
    /* What the largest graph takes: its vectors, 2 m neighbours of 16 bytes each and 200 bytes beside, a row. */
    select coalesce(pg_catalog.max(penstock._row_estimate(t.relation)), 0) * (
      200 + target.dimensions * (case target.vector_type when 'vector' then 4 else 2 end)
        + 32 * coalesce((target.options ->> 'm')::int, 16)
    ) / 1024
    into needed_kb
    from penstock._index_tree(target) t
    where t.is_leaf;
    /* SQL does not show the size of the machine; shared_buffers is set in proportion to it. */
    memory := greatest(granted_kb, least(needed_kb, shared_kb))::bigint || 'kB';
  end if;
  return next row('setting', target.relation, pg_catalog.format('set maintenance_work_mem = %L', memory), null, null)::penstock._index_step;
  if workers is not null then
    return next row('setting', target.relation,
      pg_catalog.format('set max_parallel_maintenance_workers = %s', workers), null, null)::penstock._index_step;
  end if;
end
$fn$;

comment on function penstock._index_settings is
  'Settings of the session that builds. Memory: as told, else what the largest graph needs, at most shared_buffers, at least what is set.';

create or replace function penstock._index_build_steps(
  target penstock._collections,
  anew boolean
)
returns setof penstock._index_step
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  node record;
  name text;
  /* The index of each table, by its oid; with its schema, as text, for those that do not exist yet. */
  known jsonb := '{}';
  attachments penstock._index_step[] := '{}';
begin
  for node in
    select t.relation, t.parent, t.is_leaf, n.nspname,
      case when not anew then t.index end as index, t.usable, t.parent_index
    from penstock._index_tree(target) t
    join pg_catalog.pg_class c on c.oid = t.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    order by t.level, t.relation
  loop
    if node.index is not null and not node.usable and node.is_leaf and node.parent_index is null then
      /* Among the leftovers, which go first. */
      node.index := null;
    end if;
    name := node.index::text;
    if node.index is null then
      name := pg_catalog.format('%I.%I', node.nspname, penstock._free_index_name(node.relation, target.index_kind));
      return next row(
        case when node.is_leaf then 'build' else 'frame' end,
        node.relation,
        pg_catalog.format(
          case when node.is_leaf then 'create index concurrently %I on %s %s' else 'create index %I on only %s %s' end,
          penstock._free_index_name(node.relation, target.index_kind), node.relation,
          penstock._index_definition(target, node.relation)
        ),
        pg_catalog.format(
          case when node.is_leaf then 'drop index concurrently if exists %s' else 'drop index if exists %s' end, name
        ),
        case when node.is_leaf then '0' else '2s' end
      )::penstock._index_step;
    elsif node.is_leaf and not node.usable then
      return next row('build', node.relation, 'reindex index concurrently ' || name, null, '0')::penstock._index_step;
    end if;
    known := known || pg_catalog.jsonb_build_object(node.relation::oid::text, name);
    if node.parent is not null and (node.index is null or node.parent_index is null) then
      attachments := row('attach', node.relation,
        pg_catalog.format('alter index %s attach partition %s', known ->> node.parent::oid::text, name), null, '2s'
      )::penstock._index_step || attachments;
    end if;
  end loop;
  return query select (a).* from pg_catalog.unnest(attachments) a;
end
$fn$;

comment on function penstock._index_build_steps is
  'Statements that build what is missing: the frame on partitioned tables, each leaf concurrently, then the attachments, deepest first. anew: beside an index that is there.';

create or replace function penstock.index_plan(
  collection text,
  action text default 'build',
  index text default null,
  m int default null,
  ef_construction int default null,
  lists int default null,
  memory text default null,
  workers int default null
)
returns setof penstock._index_step
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  present constant penstock._collections := penstock._collection(collection);
  target penstock._collections;
  old_index regclass;
  is_complete boolean;
  changes boolean;
begin
  if action is null or action not in ('build', 'rebuild', 'clean') then
    raise exception using errcode = '22023',
      message = pg_catalog.format('action: expected build, rebuild or clean, got %L', action);
  end if;
  if present.sealed then
    raise exception using errcode = '0A000',
      message = pg_catalog.format('collection %L is sealed: its indexes are not built concurrently', collection),
      hint = pg_catalog.format('select penstock.build_index(%L), or run what penstock.sealed_index_statement gives.', collection);
  end if;
  return query
  select 'leftover'::text, i.indrelid::regclass, 'drop index concurrently if exists ' || l.index, null::text, '0'::text
  from penstock._index_leftovers(present) as l (index)
  join pg_catalog.pg_index i on i.indexrelid = l.index;
  if action = 'clean' then
    return;
  end if;

  target := penstock._index_target(collection, index, m, ef_construction, lists);
  if target.index_kind = 'ivfflat' and penstock._row_estimate(target.relation) = 0 then
    raise exception using errcode = '55000',
      message = pg_catalog.format('expected rows in collection %L before an IVFFlat index, got none', collection),
      hint = 'IVFFlat takes its lists from the data: load first, then build.';
  end if;
  select t.index, t.usable into old_index, is_complete from penstock._index_tree(present) t where t.level = 0;
  is_complete := coalesce(is_complete, false);
  changes := (target.index_kind, target.options) is distinct from (present.index_kind, present.options);
  if action = 'build' and is_complete then
    raise exception using errcode = '42710',
      message = pg_catalog.format('collection %L already has the index %s', collection, old_index),
      hint = pg_catalog.format('To build it anew, with other options too: penstock index rebuild %s.', collection);
  end if;
  if action = 'rebuild' and not is_complete then
    raise exception using errcode = '42704',
      message = pg_catalog.format('expected collection %L to have a complete %s index to rebuild, found none', collection, present.index_kind),
      hint = pg_catalog.format('penstock index build %s builds what is missing.', collection);
  end if;

  return query select * from penstock._index_settings(target, memory, workers);
  if action = 'rebuild' and not changes then
    return query
    select 'build'::text, t.relation, 'reindex index concurrently ' || t.index, null::text, '0'::text
    from penstock._index_tree(target) t
    where t.is_leaf;
    return;
  end if;
  return query select * from penstock._index_build_steps(target, action = 'rebuild');
  if action = 'rebuild' then
    return next row('swap', present.relation,
      pg_catalog.format('drop index%s %s',
        case when (select c.relkind = 'I' from pg_catalog.pg_class c where c.oid = old_index) then '' else ' concurrently' end,
        old_index),
      null, case when (select c.relkind = 'I' from pg_catalog.pg_class c where c.oid = old_index) then '2s' else '0' end)::penstock._index_step;
  end if;
  return next row('record', present.relation,
    pg_catalog.format('select penstock.record_index(%L, %L, %L)', collection, target.index_kind, target.options), null, '2s')::penstock._index_step;
end
$fn$;

comment on function penstock.index_plan is
  'The statements that `penstock index` runs one by one, outside a transaction block: INVALID leftovers dropped, settings, each leaf built concurrently, partitions attached, the old index dropped. action: build (what is missing), rebuild (anew; beside the old one where kind or options change), clean (leftovers alone). Errors: 0A000 for a sealed collection, 22023, 42704, 42710 a complete index is there, 55000 IVFFlat without rows.';

revoke all on function penstock._index_settings, penstock._index_build_steps, penstock.index_plan from public;
grant execute on function penstock._index_settings, penstock._index_build_steps, penstock.index_plan to penstock_user;
