import { pipeline } from "node:stream/promises"
import type { PGlite } from "@electric-sql/pglite"
import pg from "pg"
import copy from "pg-copy-streams"
import { SqlError } from "../../plv8-src/errors.ts"
import { connectionUrl, WireServer } from "../embedded/wire-server.ts"
import { rowsOf, type SqlClient } from "../migrations/client.ts"
import { checkPrerequisites, plan } from "../migrations/index.ts"
import { embeddedDefinitions } from "./embedded-dump.ts"
import { fingerprint, sequencePositions, type StoredTable, storedTables } from "./relations.ts"
import { restoreScript } from "./restore-script.ts"
import { repairScript } from "./script.ts"

export interface Moved {
  readonly tables: readonly { name: string; rows: number }[]
  readonly rows: number
  /** What integrity.verify_history says on both sides. */
  readonly history: readonly HistoryVerdict[]
}

export interface HistoryVerdict {
  readonly seq: string
  readonly problem: string | null
  readonly words: string
}

export interface MoveOptions {
  readonly onProgress?: (step: { doing: string; done: number; total: number }) => void
  readonly signal?: AbortSignal
}

/**
 * Copies an embedded database with everything in it into an empty database of a server, in one transaction
 * of that server: after an error or a cancel it is as it was. The embedded database is only read.
 *
 * @throws SqlError 55000 when either side is not ready, 0A000 for what a server cannot take over
 * @throws SqlError XX001 when what arrived differs from what was sent
 */
export const move = async (
  source: PGlite,
  target: pg.Client,
  { onProgress = () => {}, signal }: MoveOptions = {},
): Promise<Moved> => {
  await requireSource(source)
  await requireTarget(source, target)
  const [owner] = await rowsOf<{ name: string }>(source, "select current_user as name")
  const script = restoreScript(await embeddedDefinitions(source), repairScript(), { installer: owner?.name ?? "" })
  const isSql = (statement: string) => !statement.startsWith("\\")
  const server = new WireServer(source)
  const reader = new pg.Client({ connectionString: connectionUrl(await server.listen(0)) })
  reader.on("error", () => {})
  try {
    await reader.connect()
    await reader.query("set search_path = pg_catalog")
    const tables = await storedTables(reader)
    await target.query("begin")
    try {
      for (const statement of script.beforeData.filter(isSql)) await target.query(statement)
      for (const [done, table] of tables.entries()) {
        signal?.throwIfAborted()
        onProgress({ doing: table.name, done, total: tables.length })
        await copyTable(reader, target, table, signal)
      }
      for (const { name, last_value, is_called } of await sequencePositions(reader)) {
        await target.query("select pg_catalog.setval($1::regclass, $2, $3)", [name, last_value, is_called])
      }
      const statements = script.afterData.filter(isSql)
      for (const [done, statement] of statements.entries()) {
        signal?.throwIfAborted()
        onProgress({ doing: "indexes, constraints, triggers, privileges", done, total: statements.length })
        await target.query(statement)
      }
      const moved = await verify(reader, target, tables, onProgress)
      for (const statement of script.last) await target.query(statement)
      await target.query("commit")
      await target.query("analyze")
      return moved
    } catch (error) {
      await target.query("rollback").catch(() => undefined)
      throw error
    }
  } finally {
    await reader.end().catch(() => undefined)
    await server.close()
  }
}

const requireSource = async (source: PGlite): Promise<void> => {
  const { applied, pending } = await plan(source)
  if (applied.length === 0 || pending.length > 0) {
    throw new SqlError("55000", "the embedded database is not of this version", {
      hint: "Start it once with penstock up, which brings it up to date, and stop it again.",
    })
  }
  const [large] = await rowsOf<{ count: number }>(
    source,
    "select count(*)::int from pg_catalog.pg_largeobject_metadata",
  )
  if ((large?.count ?? 0) > 0) {
    throw new SqlError("0A000", `the embedded database holds ${large?.count} large objects, which are not moved`, {
      hint: "Move them into a bytea column, or remove them with lo_unlink.",
    })
  }
}

/** The new server has what is needed, nothing of ours yet, and every role that the old one mentions. */
const requireTarget = async (source: PGlite, target: SqlClient): Promise<void> => {
  const missing = (await checkPrerequisites(target)).filter(({ ok }) => !ok)
  if (missing.length > 0) {
    throw new SqlError("55000", `the server is not ready: ${missing.map(({ name }) => name).join(", ")}`, {
      detail: JSON.stringify(missing),
      hint: "penstock doctor URL says what to run.",
    })
  }
  const [installed] = await rowsOf<{ present: boolean }>(
    target,
    "select exists (select from pg_catalog.pg_namespace where nspname in ('penstock', 'graphile_migrate')) as present",
  )
  if (installed?.present === true) {
    throw new SqlError("55000", "the database on the server has Penstock already", {
      hint: "Move into a new database: createdb.",
    })
  }
  const roles = await rowsOf<{ name: string }>(
    source,
    `select distinct r.rolname as name
     from pg_catalog.pg_shdepend d join pg_catalog.pg_roles r on r.oid = d.refobjid
     where d.refclassid = 'pg_catalog.pg_authid'::regclass and r.rolname !~ '^(pg|penstock)_' and r.rolname <> current_user
     order by 1`,
  )
  const absent = await rowsOf<{ name: string; statement: string }>(
    target,
    `select name, format('create role %I nologin;', name) as statement from unnest($1::text[]) as name
     where not exists (select from pg_catalog.pg_roles where rolname = name)`,
    [roles.map(({ name }) => name)],
  )
  if (absent.length > 0) {
    throw new SqlError("55000", `roles are missing on the server: ${absent.map(({ name }) => name).join(", ")}`, {
      hint: absent.map(({ statement }) => statement).join(" "),
    })
  }
}

const copyTable = async (
  reader: pg.Client,
  target: pg.Client,
  { name, columns }: StoredTable,
  signal: AbortSignal | undefined,
): Promise<void> => {
  if (columns.length === 0) return
  const what = `${name} (${columns.join(", ")})`
  await pipeline(
    reader.query(copy.to(`copy ${what} to stdout`)),
    target.query(copy.from(`copy ${what} from stdin`)),
    ...(signal === undefined ? [] : [{ signal }]),
  )
}

const verify = async (
  reader: SqlClient,
  target: SqlClient,
  tables: readonly StoredTable[],
  onProgress: NonNullable<MoveOptions["onProgress"]>,
): Promise<Moved> => {
  await target.query("set local search_path = pg_catalog")
  const counted: { name: string; rows: number }[] = []
  for (const [done, table] of tables.entries()) {
    onProgress({ doing: `verifying ${table.name}`, done, total: tables.length })
    const sent = await fingerprint(reader, table)
    const arrived = await fingerprint(target, table)
    if (sent.rows !== arrived.rows || sent.hash !== arrived.hash) {
      throw new SqlError(
        "XX001",
        `table ${table.name}: ${sent.rows} rows were sent and ${arrived.rows} arrived, or their content differs`,
      )
    }
    counted.push({ name: table.name, rows: Number(sent.rows) })
  }
  const [sent, arrived] = [await history(reader), await history(target)]
  if (JSON.stringify(sent) !== JSON.stringify(arrived)) {
    throw new SqlError("XX001", "the history that arrived does not verify like the one that was sent", {
      detail: JSON.stringify(arrived),
    })
  }
  return { tables: counted, rows: counted.reduce((sum, { rows }) => sum + rows, 0), history: arrived }
}

const history = async (client: SqlClient): Promise<HistoryVerdict[]> =>
  rowsOf<HistoryVerdict>(client, "select seq::text, problem, words from integrity.verify_history()")
