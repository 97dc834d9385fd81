/** The embedded PostgreSQL: PGlite with pgvector and the language plv8, in a directory. */
import { mkdirSync } from "node:fs"
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

export async function openEmbedded(directory: string): Promise<Embedded> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const unlock = lockDirectory(directory)
  try {
    const database = await PGlite.create(join(directory, "pgdata"), { extensions: { vector, plv8 } })
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
