/** The embedded PostgreSQL: PGlite with pgvector and the language plv8, in a directory. */
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { PGlite } from "@electric-sql/pglite"
import { vector } from "@electric-sql/pglite-pgvector"
import { plv8 } from "../../host/pglite/index.ts"
import { lockDirectory } from "./lock.ts"

/** Where `penstock up` keeps its database unless --dir says otherwise. */
export const DEFAULT_DIRECTORY = ".penstock/embedded"

export interface Embedded {
  database: PGlite
  close(): Promise<void>
}

/** Opens the database in a directory and creates it where there is none; with `fresh`, replaces the one that is there. */
export async function openEmbedded(directory: string, { fresh = false } = {}): Promise<Embedded> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const unlock = lockDirectory(directory)
  const data = join(directory, "pgdata")
  try {
    if (fresh) rmSync(data, { recursive: true, force: true })
    const database = await PGlite.create(data, { extensions: { vector, plv8 } })
    return {
      database,
      async close() {
        try {
          await database.close()
        } finally {
          unlock()
        }
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}
