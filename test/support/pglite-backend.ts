import { PGlite } from "@electric-sql/pglite"
import { vector } from "@electric-sql/pglite-pgvector"
import { plv8 } from "../../host/pglite/index.ts"
import type { Connection, OpenOptions } from "./database.ts"
import { cached, install, sourceHash } from "./template.ts"

const extensions = { vector, plv8 }

/** An embedded database, from a template with everything installed or empty. */
export const openPglite = async ({ empty = false }: OpenOptions): Promise<Connection> => {
  const name = `${empty ? "empty" : "installed"}-${await sourceHash()}.tar`
  const template = await cached(name, async () => dump(empty))
  const pg = await PGlite.create({ extensions, loadDataDir: new Blob([template]) })
  return {
    backend: "pglite",
    target: { pglite: pg },
    run: async (sql, params) => {
      const { fields, rows } = await pg.query<unknown[]>(sql, [...params], { rowMode: "array" })
      return { columns: fields.map((field) => field.name), rows }
    },
    exec: async (sql) => {
      await pg.exec(sql)
    },
    close: async () => pg.close(),
  }
}

const dump = async (empty: boolean): Promise<Uint8Array> => {
  const pg = await PGlite.create({ extensions })
  try {
    if (!empty) await install(async (sql) => pg.exec(sql))
    return new Uint8Array(await (await pg.dumpDataDir("none")).arrayBuffer())
  } finally {
    await pg.close()
  }
}
