import type { PGlite } from "@electric-sql/pglite"
import { pgDump } from "@electric-sql/pglite-tools/pg_dump"

/** Both halves of the definitions in an embedded database, as its own version of pg_dump writes them. */
export const embeddedDefinitions = async (database: PGlite): Promise<{ preData: string; postData: string }> => {
  const section = async (name: string): Promise<string> => {
    try {
      const file = await pgDump({ pg: database, args: [`--section=${name}`] })
      return await file.text()
    } finally {
      // pg_dump leaves its transaction and its settings in the only session that there is.
      await database.exec("rollback")
      await database.exec("discard all")
    }
  }
  return { preData: await section("pre-data"), postData: await section("post-data") }
}
