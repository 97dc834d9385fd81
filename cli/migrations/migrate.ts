import { setTimeout } from "node:timers/promises"
import { Logger } from "@graphile/logger"
import { migrate as graphileMigrate } from "graphile-migrate"
import { Client } from "pg"
import { SqlError } from "../../plv8-src/errors.ts"
import { retryOnLock } from "../lib/retry.ts"
import { migrationsFolder } from "./committed.ts"
import { plan, refuseUnlessSafe } from "./plan.ts"
import { checkPrerequisites } from "./prerequisites.ts"

export interface Progress {
  /** Migrations done so far, in this call. */
  readonly done: number
  readonly total: number
  /** File that begins now; undefined at the end. */
  readonly filename?: string
}

export interface MigrateOptions {
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Applies the pending migrations through graphile-migrate, each in a transaction of its own.
 * Waits at most 3 seconds for a lock and then tries again.
 *
 * @returns the names of the applied files
 * @throws SqlError 55000 before anything changes when the database is not ready or holds foreign migrations
 */
export const migrate = async (
  connectionString: string,
  { onProgress = () => undefined }: MigrateOptions = {},
): Promise<string[]> => retryOnLock(async () => afterOthers(async () => migrateOnce(connectionString, onProgress)))

/** How long another migration of the same database is waited for. */
const patienceMs = 60_000

/** What happens when two create the same thing for the first time; the transaction of the second one is gone. */
const races = new Set(["23505", "42710", "42P06", "42P07", "XX000"])

/** graphile-migrate gives up at once when another one is at work; this waits for it. */
const afterOthers = async <T>(work: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + patienceMs
  for (let raced = false; ; ) {
    try {
      return await work()
    } catch (error) {
      const { code = "", message = "" } = error as { code?: string; message?: string }
      const isLocked = message === "Failed to get exclusive lock"
      if (isLocked && Date.now() > deadline) {
        throw new SqlError("55P03", "another migration of this database has been running for a minute", {
          hint: "See pg_stat_activity and pg_locks for it, then run penstock migrate again.",
        })
      }
      if (!isLocked && (raced || !races.has(code))) throw error
      raced ||= !isLocked
      await setTimeout(500)
    }
  }
}

const migrateOnce = async (connectionString: string, onProgress: (progress: Progress) => void): Promise<string[]> => {
  const pending = await pendingFiles(connectionString)
  let done = 0
  const logger = new Logger(() => (_level, message) => {
    if (!message.includes("Running migration")) return
    const filename = pending[done]
    onProgress({ done: done++, total: pending.length, ...(filename === undefined ? {} : { filename }) })
  })
  try {
    await graphileMigrate({
      connectionString,
      rootConnectionString: "template1",
      migrationsFolder: migrationsFolder(),
      pgSettings: { lock_timeout: "3s" },
      logger,
    })
  } finally {
    await closedPools()
  }
  onProgress({ done: pending.length, total: pending.length })
  return pending
}

/**
 * graphile-migrate keeps its connections for 200 ms after it has returned, and ends the
 * process when the server goes away meanwhile.
 */
export const closedPools = async (): Promise<void> => setTimeout(300)

const requireAll = async (client: Client): Promise<void> => {
  const missing = (await checkPrerequisites(client)).filter((prerequisite) => !prerequisite.ok)
  if (missing.length === 0) return
  const statements = missing.flatMap(({ statement }) => statement ?? [])
  throw new SqlError("55000", `this database is not ready: ${missing.map(({ name }) => name).join(", ")}`, {
    detail: JSON.stringify(missing.map(({ name, needed, found }) => ({ name, needed, found }))),
    ...(statements.length > 0 ? { hint: `Somebody who may runs: ${statements.join(" ")}` } : {}),
  })
}

const pendingFiles = async (connectionString: string): Promise<string[]> => {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    const found = await plan(client)
    refuseUnlessSafe(found)
    if (found.pending.length > 0) await requireAll(client)
    return found.pending.map((migration) => migration.filename)
  } finally {
    await client.end()
  }
}
