import type { Database } from "../../support/database.ts"

/** The roles of docs/roles.md, in the order of its columns. */
export const ROLES = ["user", "worker", "operator", "admin"] as const
export type Role = (typeof ROLES)[number]

export const SCHEMAS = ["penstock", "integrity", "memory"]

/** One row of docs/roles.md: an object, and what each role may do with it ("yes", "read", "read, write" or nothing). */
export interface Right {
  object: string
  rights: Record<Role, string>
}

/** A callable object, and the statement that calls it without an argument that means anything. */
export interface Callable extends Right {
  call: string
}

const shown = (right: Right): string =>
  `| \`${right.object}\` | ${ROLES.map((role) => right.rights[role]).join(" | ")} |`
/** Rows of the page; overloads with equal rights share one. */
export const lines = (rights: readonly Right[]): string[] => [...new Set(rights.map(shown))].sort()

const per = (expression: (role: string) => string): string =>
  ROLES.map((role) => `${expression(`penstock_${role}`)} as "${role}"`).join(", ")

const toRight = (row: Record<string, unknown>): Right => ({
  object: row["object"] as string,
  rights: Object.fromEntries(ROLES.map((role) => [role, row[role] as string])) as Record<Role, string>,
})

/**
 * What the catalog says about the functions and procedures that callers see (no underscore), and about those behind them
 * that run with rights other than the caller's (security definer) and that a role may call.
 */
export const callables = async (db: Database): Promise<Callable[]> => {
  const rows = await db.query(
    `select
      n.nspname || '.' || p.proname as object,
      case p.prokind when 'p' then 'call ' else 'select ' end || format('%I.%I(%s)', n.nspname, p.proname,
        (select string_agg('null::' || format_type(t, null), ', ' order by i) from unnest(p.proargtypes) with ordinality as a (t, i))) as call,
      ${per((role) => `case when has_function_privilege('${role}', p.oid, 'execute') then 'yes' else '' end`)}
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = any ($1)
      and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
      and (
        p.proname not like '\\_%'
        or (p.prosecdef and has_function_privilege('penstock_admin', p.oid, 'execute'))
      )`,
    [SCHEMAS],
  )
  return rows.map((row) => ({ ...toRight(row), call: row["call"] as string }))
}

/** What the catalog says about tables, views and sequences: those that callers see, and any other that a role may touch. */
export const relations = async (db: Database): Promise<Right[]> => {
  const may = (role: string, privileges: string) =>
    `(case when c.relkind = 'S' then has_sequence_privilege('${role}', c.oid, '${privileges.includes("select") ? "select" : "usage, update"}')
      else has_any_column_privilege('${role}', c.oid, '${privileges}') end)`
  const changes = (role: string) =>
    `(${may(role, "insert, update")} or (c.relkind <> 'S' and has_table_privilege('${role}', c.oid, 'delete, truncate')))`
  const rows = await db.query(
    `select * from (
      select n.nspname || '.' || c.relname as object,
      ${per((role) => `concat_ws(', ', case when ${may(role, "select")} then 'read' end, case when ${changes(role)} then 'write' end)`)}
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any ($1) and c.relkind in ('r', 'p', 'v', 'm', 'S')
    ) as found
    where object !~ '\\._' or "user" || worker || operator || admin <> ''`,
    [SCHEMAS],
  )
  return rows.map(toRight)
}
