import type pg from "pg"
import { SqlError } from "../../plv8-src/errors.ts"
import { inTransaction } from "../lib/transaction.ts"
import { rowsOf } from "../migrations/client.ts"
import { compareInstalled, refuseUnlessSafe } from "../migrations/index.ts"
import { missingObjects } from "./missing.ts"
import { repairScript } from "./script.ts"

export interface Repair {
  /** Objects that were not there: functions, views, triggers, policies, such as "view integrity.events". */
  readonly missing: readonly string[]
  /** Functions with another body than this version's. */
  readonly changed: readonly string[]
  /** Triggers of gates that could not be put back on their tables; the next sample tries again. */
  readonly notInstalled: readonly string[]
}

export interface RepairOptions {
  /** Finds out what is missing and changes nothing. */
  readonly dryRun?: boolean
  readonly note?: (line: string) => void
}

/**
 * Makes functions, views, triggers and policies again as this version has them, with comments, owners and
 * privileges, in one transaction. Tables and their rows are left alone.
 *
 * @throws SqlError 55000 when the database has another version, or lacks tables or types
 */
export const repair = async (
  client: pg.Client,
  { dryRun = false, note = () => {} }: RepairOptions = {},
): Promise<Repair> => {
  const { applied, pending, foreign, edited, functions } = await compareInstalled(client)
  if (applied.length > 0 || foreign.length === 0) refuseUnlessSafe({ applied, pending, foreign, edited })
  if (applied.length === 0 && foreign.length === 0) {
    throw new SqlError("42704", "Penstock is not installed in this database", { hint: "Run penstock migrate." })
  }
  if (applied.length > 0 && pending.length > 0) {
    throw new SqlError("55000", `${pending.length} migrations are pending, so this database has another version`, {
      hint: "Run penstock migrate first.",
    })
  }
  const changed = functions.filter(({ state }) => state === "changed").map(({ name }) => name)
  const script = repairScript()

  let missing: string[] = []
  let notInstalled: string[] = []
  await inTransaction(
    client,
    async () => {
      for (const sql of script.before) await client.query(sql)
      const absent = await missingObjects(client, script.statements)
      missing = [...absent]
      const lost = script.statements.flatMap(({ run, creates = "" }) =>
        run === "never" && absent.has(creates) ? [creates] : [],
      )
      if (lost.length > 0) {
        throw new SqlError("55000", `what holds data is missing and cannot be made again: ${lost.join(", ")}`, {
          hint: "Restore it from a backup.",
        })
      }
      if (dryRun) throw new NothingToKeep()
      for (const { sql, run, creates = "" } of script.statements) {
        if (run === "always" || (run === "if missing" && absent.has(creates))) await client.query(sql)
      }
      for (const sql of script.after) await client.query(sql)
      await client.query("reset search_path")
      notInstalled = await reinstallGates(client)
    },
    note,
  ).catch((error: unknown) => {
    if (!(error instanceof NothingToKeep)) throw error
  })
  return { missing, changed, notInstalled }
}

/** Ends a dry run: the transaction rolls back. */
class NothingToKeep extends Error {}

/** The triggers on protected tables went with their function when somebody dropped that with CASCADE. */
const reinstallGates = async (client: pg.Client): Promise<string[]> => {
  const rows = await rowsOf<{ failures: string[] }>(
    client,
    "select integrity._maintain_triggers(collection, 5) as failures from integrity._protections",
  )
  return rows.flatMap(({ failures }) => failures)
}
