import { SqlError } from "../../plv8-src/errors.ts"
import { rowsOf, type SqlClient } from "./client.ts"
import { type CommittedMigration, committedMigrations } from "./committed.ts"

/** A row of graphile_migrate.migrations. */
export interface AppliedMigration {
  readonly filename: string
  readonly hash: string
  readonly date: Date
}

export interface Plan {
  /** Migrations of ours that the database has. */
  readonly applied: readonly AppliedMigration[]
  /** Migrations of ours that it does not have yet, in order. */
  readonly pending: readonly CommittedMigration[]
  /** Rows that are not ours: another project keeps its migrations in this database with graphile-migrate. */
  readonly foreign: readonly AppliedMigration[]
  /** Files of ours that were edited after their commit. */
  readonly edited: readonly CommittedMigration[]
}

/** What `migrate` would run on this database. Reads only. */
export const plan = async (client: SqlClient): Promise<Plan> => {
  const ours = committedMigrations()
  const recorded = await recordedMigrations(client)
  const known = new Set(ours.map((migration) => migration.hash))
  const present = new Set(recorded.map((row) => row.hash))
  return {
    applied: recorded.filter((row) => known.has(row.hash)),
    pending: ours.filter((migration) => !present.has(migration.hash)),
    foreign: recorded.filter((row) => !known.has(row.hash)),
    edited: ours.filter((migration) => !migration.intact),
  }
}

const recordedMigrations = async (client: SqlClient): Promise<AppliedMigration[]> => {
  const [table] = await rowsOf<{ present: boolean }>(
    client,
    "select to_regclass('graphile_migrate.migrations') is not null as present",
  )
  if (table?.present !== true) return []
  return rowsOf<AppliedMigration>(
    client,
    "select filename, hash, date from graphile_migrate.migrations order by filename",
  )
}

/** @throws SqlError 55000 when the plan may not be run */
export const refuseUnlessSafe = ({ foreign, edited }: Plan): void => {
  if (foreign.length > 0) {
    throw new SqlError("55000", "graphile_migrate.migrations of this database holds migrations that are not ours", {
      detail: JSON.stringify(foreign.map(({ filename, hash }) => ({ filename, hash }))),
      hint:
        "If they are your own project's, add ours to it: `penstock plans --as-migration` prints one file for its " +
        "migrations/current/. If they are of another version of Penstock, use that version.",
    })
  }
  if (edited.length > 0) {
    throw new SqlError("55000", "a committed migration was edited after its commit", {
      detail: JSON.stringify(edited.map(({ path }) => path)),
      hint: "Restore the file as it was released.",
    })
  }
}

/** The given migrations as one file for another project's migrations/current/. */
export const asMigration = (pending: readonly CommittedMigration[]): string =>
  [
    "-- Penstock, to be committed with your own migrations: graphile-migrate commit.",
    "-- Stop graphile-migrate watch first; it runs a file again and again, and this one can be run once.",
    ...pending.map(({ filename, hash, body }) => `-- ${filename} ${hash}\n${withoutSplits(body)}`),
  ].join("\n")

/** graphile-migrate's marks of the files that a migration came from would split the other project's file. */
const withoutSplits = (body: string): string => body.replace(/^--! split: .*\n/gm, "")
