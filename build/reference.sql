/* Everything that callers may use, with its comment; objects whose name begins with an underscore are private. */
select
  n.nspname as schema,
  case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as kind,
  p.proname as name,
  pg_catalog.pg_get_function_arguments(p.oid) as arguments,
  pg_catalog.pg_get_function_result(p.oid) as result,
  case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
  p.prosecdef as definer,
  pg_catalog.obj_description(p.oid, 'pg_proc') as comment,
  (
    select coalesce(array_agg(r.rolname::text order by r.rolname), '{}')
    from pg_catalog.aclexplode(p.proacl) as a
    join pg_catalog.pg_roles as r on r.oid = a.grantee
    where r.rolname like 'penstock\_%'
  ) as roles,
  null::text[] as columns
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where n.nspname in ('penstock', 'integrity', 'memory')
  and p.proname not like '\_%'
  and p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
union all
select
  n.nspname,
  'view',
  c.relname,
  '',
  '',
  '',
  false,
  pg_catalog.obj_description(c.oid, 'pg_class'),
  (
    select coalesce(array_agg(distinct r.rolname::text), '{}')
    from pg_catalog.aclexplode(c.relacl) as a
    join pg_catalog.pg_roles as r on r.oid = a.grantee
    where r.rolname like 'penstock\_%'
  ),
  (
    select array_agg(
      a.attname || chr(9) || pg_catalog.format_type(a.atttypid, a.atttypmod) || chr(9)
        || coalesce(pg_catalog.col_description(c.oid, a.attnum), '')
      order by a.attnum
    )
    from pg_catalog.pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  )
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('penstock', 'integrity', 'memory')
  and c.relkind = 'v'
  and c.relname not like '\_%'
order by 1, 2, 3, 4
