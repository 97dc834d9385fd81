import { rowsOf, type SqlClient } from "../migrations/client.ts"

/** A table with rows of its own; partitions count one by one. */
export interface StoredTable {
  /** Qualified and quoted. */
  readonly name: string
  /** Quoted columns that can be written, generated ones left out. */
  readonly columns: readonly string[]
}

/** Where a sequence stands. */
export interface SequencePosition {
  readonly name: string
  readonly last_value: string
  readonly is_called: boolean
}

/** What belongs to no extension and to no temporary or system schema. */
const ownRelations = (kinds: string): string => `
  pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in (${kinds}) and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )`

export const storedTables = async (client: SqlClient): Promise<StoredTable[]> =>
  rowsOf<StoredTable>(
    client,
    `select format('%I.%I', n.nspname, c.relname) as name,
       coalesce((
         select array_agg(quote_ident(a.attname) order by a.attnum)
         from pg_catalog.pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       ), '{}') as columns
     from ${ownRelations("'r'")} order by 1`,
  )

export const sequencePositions = async (client: SqlClient): Promise<SequencePosition[]> => {
  const names = await rowsOf<{ name: string }>(
    client,
    `select format('%I.%I', n.nspname, c.relname) as name from ${ownRelations("'S'")} order by 1`,
  )
  const positions: SequencePosition[] = []
  for (const { name } of names) {
    positions.push(
      ...(await rowsOf<SequencePosition>(client, `select $1 as name, last_value::text, is_called from ${name}`, [
        name,
      ])),
    )
  }
  return positions
}

/** Number of rows and a sum over the hashes of their text, which is the same on every version. */
export const fingerprint = async (
  client: SqlClient,
  { name, columns }: StoredTable,
): Promise<{ rows: string; hash: string }> => {
  const row = columns.length === 0 ? "''" : `row(${columns.join(", ")})::text`
  const [found] = await rowsOf<{ rows: string; hash: string }>(
    client,
    `select count(*)::text as rows, coalesce(sum(hashtextextended(${row}, 0)::numeric), 0)::text as hash from ${name}`,
  )
  return found ?? { rows: "0", hash: "0" }
}
