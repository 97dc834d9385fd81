/* Every function that callers may use, with its arguments one by one; what begins with an underscore is private. */
select
  n.nspname::text as schema,
  p.proname::text as name,
  p.proretset as is_set,
  case
    when p.proargmodes::text[] && array['o', 'b', 't'] then null
    else format_type(p.prorettype, null)
  end as result,
  coalesce((
    select array_agg(a.name || chr(9) || format_type(a.type, null) || chr(9) || (a.position > a.required)::text || chr(9) || (a.mode = 'v')::text order by a.position)
    from (
      select u.name, u.type, coalesce(u.mode, 'i') as mode,
        row_number() over (order by u.ordinality) as position, p.pronargs - p.pronargdefaults as required
      from unnest(p.proargnames, coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargmodes::text[]) with ordinality as u(name, type, mode, ordinality)
      where coalesce(u.mode, 'i') in ('i', 'b', 'v')
    ) as a
  ), '{}') as arguments,
  coalesce((
    select array_agg(u.name || chr(9) || format_type(u.type, null) order by u.ordinality)
    from unnest(p.proargnames, p.proallargtypes, p.proargmodes::text[]) with ordinality as u(name, type, mode, ordinality)
    where u.mode in ('o', 'b', 't')
  ), (
    select array_agg(t.attname || chr(9) || format_type(t.atttypid, t.atttypmod) order by t.attnum)
    from pg_type r
    join pg_attribute t on t.attrelid = r.typrelid and t.attnum > 0 and not t.attisdropped
    where r.oid = p.prorettype and r.typtype = 'c'
  )) as columns,
  obj_description(p.oid, 'pg_proc') as comment
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
where n.nspname in ('penstock', 'integrity', 'memory')
  and p.prokind = 'f'
  and p.proname not like '\_%'
  and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
  and p.proargnames is not null
order by 1, 2, p.pronargs, p.oid::regprocedure::text
