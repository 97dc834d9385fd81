import type pg from "pg"
import { SqlError } from "../../plv8-src/errors.ts"
import { inTransaction } from "../lib/transaction.ts"
import { rowsOf } from "../migrations/client.ts"
import { plan as migrationPlan } from "../migrations/index.ts"

/** One line of what uninstalling does; see the comment of penstock.uninstall_plan. */
export interface UninstallStep {
  readonly action: "run" | "try" | "keep" | "lose" | "blocked"
  readonly object: string
  readonly statement: string | null
}

export interface UninstallOptions {
  /** Drops the tables that create_collection made, and memories, too. */
  readonly dropData?: boolean
  readonly note?: (line: string) => void
}

/** What `uninstall` would do. Reads only. */
export const uninstallPlan = async (
  client: pg.Client,
  { dropData = false }: UninstallOptions = {},
): Promise<UninstallStep[]> => {
  const [known] = await rowsOf<{ present: boolean }>(
    client,
    "select to_regprocedure('penstock.uninstall_plan(boolean)') is not null as present",
  )
  if (known?.present !== true) {
    throw new SqlError("42704", "Penstock is not installed in this database, or not whole", {
      hint: "If parts of it are there, run penstock repair first.",
    })
  }
  const steps = await rowsOf<UninstallStep>(client, "select * from penstock.uninstall_plan($1)", [dropData])
  return [
    ...steps.filter(({ action }) => action !== "try"),
    ...(await migrationSteps(client)),
    ...steps.filter(({ action }) => action === "try"),
  ]
}

/** The table of graphile-migrate goes when it holds nothing but ours. */
const migrationSteps = async (client: pg.Client): Promise<UninstallStep[]> => {
  const { applied, foreign } = await migrationPlan(client)
  const object = "schema graphile_migrate"
  if (foreign.length > 0) return [{ action: "keep", object, statement: null }]
  return applied.length > 0 ? [{ action: "run", object, statement: "drop schema graphile_migrate cascade" }] : []
}

/**
 * Takes Penstock out of a database in one transaction and returns what was done. Objects that PostgreSQL
 * keeps because others need them come back as "keep".
 *
 * @throws SqlError 55000 when something of the users is in the way
 */
export const uninstall = async (client: pg.Client, options: UninstallOptions = {}): Promise<UninstallStep[]> =>
  inTransaction(
    client,
    async () => {
      // Whoever registers a collection meanwhile waits, so that the plan stays true.
      await client.query("lock table penstock._collections in share row exclusive mode")
      const steps = await uninstallPlan(client, options)
      const blocked = steps.filter(({ action }) => action === "blocked").map(({ object }) => object)
      if (blocked.length > 0) {
        throw new SqlError("55000", `${blocked.length} objects are in the way: ${blocked.slice(0, 5).join("; ")}`, {
          detail: JSON.stringify(blocked),
          hint: "Drop what depends on Penstock; rows of its own tables go with --drop-data, after a backup (penstock dump).",
        })
      }
      const done: UninstallStep[] = []
      for (const step of steps) done.push(await perform(client, step))
      return done
    },
    options.note,
  )

const perform = async (client: pg.Client, step: UninstallStep): Promise<UninstallStep> => {
  if (step.statement === null) return step
  if (step.action === "run") {
    await client.query(step.statement)
    return step
  }
  await client.query("savepoint attempt")
  try {
    await client.query(step.statement)
    return { ...step, action: "run" }
  } catch (error) {
    if ((error as { code?: string }).code !== "2BP01") throw error
    await client.query("rollback to savepoint attempt")
    return { ...step, action: "keep", statement: null }
  }
}
