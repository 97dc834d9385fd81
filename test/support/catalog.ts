import type { SqlClient } from "../../cli/migrations/index.ts"

/**
 * Everything that the catalogs say about our objects, one line for each fact, without OIDs,
 * and with default privileges written out: two databases with the same lines are installed alike.
 */
export const describeCatalog = async (client: SqlClient): Promise<string[]> => {
  const { rows } = await client.query(facts)
  return (rows as { fact: string }[]).map(({ fact }) => fact)
}

const facts = `
with ours as (
  select oid, nspname, nspacl, nspowner from pg_namespace where nspname in ('penstock', 'integrity', 'memory')
)
select concat_ws(' | ', kind, object, facts) as fact
from (
  select 'schema', nspname::text, concat_ws(' ', nspowner::regrole, privileges.list, obj_description(ours.oid, 'pg_namespace'))
    from ours, lateral (select string_agg(a::text, ',' order by a::text) as list from unnest(coalesce(nspacl, acldefault('n', nspowner))) a) privileges
  union all
  select 'function', p.oid::regprocedure::text, concat_ws(' ', l.lanname, md5(prosrc), provolatile, proisstrict, prosecdef,
      proparallel, procost, prorows, proconfig, proowner::regrole, pg_get_function_arguments(p.oid),
      pg_get_function_result(p.oid), privileges.list, obj_description(p.oid, 'pg_proc'))
    from pg_proc p join ours on ours.oid = pronamespace join pg_language l on l.oid = prolang,
      lateral (select string_agg(a::text, ',' order by a::text) as list from unnest(coalesce(proacl, acldefault('f', proowner))) a) privileges
  union all
  select 'relation', c.oid::regclass::text, concat_ws(' ', relkind, relowner::regrole, relrowsecurity, relforcerowsecurity,
      reloptions, privileges.list, obj_description(c.oid, 'pg_class'),
      case when relkind in ('v', 'm') then pg_get_viewdef(c.oid) when relkind in ('i', 'I') then pg_get_indexdef(c.oid) end)
    from pg_class c join ours on ours.oid = relnamespace,
      lateral (select string_agg(a::text, ',' order by a::text) as list from unnest(coalesce(relacl, acldefault(case relkind when 'S' then 's'::"char" else 'r' end, relowner))) a) privileges
  union all
  select 'column', concat(c.oid::regclass, '.', attname), concat_ws(' ', attnum, format_type(atttypid, atttypmod), attnotnull,
      attidentity, attgenerated, pg_get_expr(adbin, adrelid), attacl, col_description(c.oid, attnum))
    from pg_attribute join pg_class c on c.oid = attrelid join ours on ours.oid = relnamespace
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attnum > 0 and not attisdropped
  union all
  select 'constraint', concat(conrelid::regclass, '.', conname), concat_ws(' ', pg_get_constraintdef(k.oid),
      obj_description(k.oid, 'pg_constraint'))
    from pg_constraint k join ours on ours.oid = connamespace
  union all
  select 'trigger', concat(tgrelid::regclass, '.', tgname), concat_ws(' ', tgenabled, pg_get_triggerdef(t.oid))
    from pg_trigger t join pg_class c on c.oid = tgrelid join ours on ours.oid = relnamespace where not tgisinternal
  union all
  select 'policy', concat(polrelid::regclass, '.', polname), concat_ws(' ', polcmd, polpermissive, polroles::regrole[],
      pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    from pg_policy join pg_class c on c.oid = polrelid join ours on ours.oid = relnamespace
  union all
  select 'type', t.oid::regtype::text, concat_ws(' ', typtype, typowner::regrole, format_type(typbasetype, typtypmod),
      typnotnull, typdefault, coalesce(typacl, acldefault('T', typowner)), obj_description(t.oid, 'pg_type'),
      (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid))
    from pg_type t join ours on ours.oid = typnamespace
) as all_facts (kind, object, facts)
order by concat_ws(' | ', kind, object, facts) collate "C"`
