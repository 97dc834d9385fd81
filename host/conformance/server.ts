/** The server under test: the one at DATABASE_URL, or PGlite with our handler behind a socket. */
import { PGLiteSocketServer } from "@electric-sql/pglite-socket"
import pg from "pg"
import { plv8 } from "../pglite/index.ts"

export interface Server {
  readonly connect: () => Promise<pg.Client>
  readonly close: () => Promise<void>
}

/** The package may be another release of PGlite under an alias. */
export async function openServer(url: string | undefined, pglite = "@electric-sql/pglite"): Promise<Server> {
  if (url !== undefined) return { connect: () => connect(url), close: () => Promise.resolve() }
  const { PGlite } = (await import(pglite)) as typeof import("@electric-sql/pglite")
  const database = await PGlite.create({ extensions: { plv8 } })
  const socket = new PGLiteSocketServer({ db: database, host: "127.0.0.1", port: 0 })
  await socket.start()
  const address = socket.getServerConn()
  return {
    connect: () => connect(`postgres://postgres@${address}/postgres?sslmode=disable`),
    close: async () => {
      await socket.stop()
      await database.close()
    },
  }
}

/** Every value arrives in its text form, so that all servers and clients agree on it. */
async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, types: { getTypeParser: () => (value: unknown) => value } })
  await client.connect()
  return client
}
