import type { Database } from "../../support/database.ts"

/** A function, procedure or aggregate of ours that SQL can call, as the catalog describes it. */
export interface Callable {
  /** Qualified and quoted name. */
  name: string
  kind: "a" | "f" | "p"
  /** Types of the input arguments; a domain is given as it is. */
  types: ArgumentType[]
  /** Number of trailing arguments that have a default. */
  defaults: number
  isVariadic: boolean
}

export interface ArgumentType {
  /** As format_type gives it. */
  name: string
  /** The type to draw values of: the base of a domain, the element of an array. */
  base: string
  isArray: boolean
  /** A table's row type: a row of that table can be asked for. */
  relation: string | null
  /** Labels of an enumeration. */
  labels: string[] | null
}

/** Everything callable in our schemas; trigger functions are reached through the statements that fire them. */
export const listCallables = async (db: Database): Promise<Callable[]> =>
  db.query<{ [K in keyof Callable]: Callable[K] }>(`
    with recursive arguments as (
      select p.oid, a.ordinality, a.type, format_type(a.type, null) as name,
        coalesce(nullif(t.typbasetype, 0), t.oid) as base
      from pg_proc as p
      cross join unnest(p.proargtypes) with ordinality as a (type, ordinality)
      join pg_type as t on t.oid = a.type
    ), described as (
      select a.oid, a.ordinality, a.name, b.typelem <> 0 and b.typcategory = 'A' as is_array,
        case when b.typelem <> 0 and b.typcategory = 'A' then b.typelem else b.oid end as element
      from arguments as a
      join pg_type as b on b.oid = a.base
    ), typed as (
      select d.oid, d.ordinality, json_build_object(
        'name', d.name,
        'base', format_type(d.element, null),
        'isArray', d.is_array,
        'relation', case when t.typtype = 'c' then (
          select t.typrelid::regclass::text from pg_class as c where c.oid = t.typrelid and c.relkind in ('r', 'p')
        ) end,
        'labels', (select array_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = d.element)
      ) as type
      from described as d
      join pg_type as t on t.oid = d.element
    )
    select format('%I.%I', n.nspname, p.proname) as name, p.prokind as kind, p.pronargdefaults::int as defaults,
      p.provariadic <> 0 as "isVariadic",
      coalesce((select json_agg(type order by ordinality) from typed where typed.oid = p.oid), '[]') as types
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname in ('penstock', 'integrity', 'memory', 'ruvector') and p.prokind in ('a', 'f', 'p')
      and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
      and not exists (select from pg_depend as e where e.objid = p.oid and e.deptype = 'e')
    order by 1, p.oid::regprocedure::text`)
