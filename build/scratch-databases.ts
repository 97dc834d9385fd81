import { PGlite } from "@electric-sql/pglite"
import { vector } from "@electric-sql/pglite-pgvector"
import { PGLiteSocketServer } from "@electric-sql/pglite-socket"
import { plv8 } from "../host/pglite/index.ts"

/** Empty databases, and a third one to connect to while they are dropped and created. */
export interface ScratchDatabases {
  readonly connectionString: string
  readonly shadowConnectionString: string
  readonly rootConnectionString: string
  stop(): Promise<void>
}

/**
 * What graphile-migrate's commit needs from a server, out of three embedded databases:
 * it runs DROP DATABASE and CREATE DATABASE in the third, which leaves the other two,
 * empty already, as they are.
 */
export const startScratchDatabases = async (): Promise<ScratchDatabases> => {
  const [main, shadow, root] = await Promise.all([
    startOne("penstock"),
    startOne("penstock_shadow"),
    startOne("template1"),
  ])
  return {
    connectionString: main.url,
    shadowConnectionString: shadow.url,
    rootConnectionString: root.url,
    stop: async () => {
      await Promise.all([main.stop(), shadow.stop(), root.stop()])
    },
  }
}

/** One embedded database on a free port of loopback; it answers to any database name. */
export const startOne = async (name: string): Promise<{ url: string; db: PGlite; stop: () => Promise<void> }> => {
  const db = await PGlite.create({ extensions: { vector, plv8 } })
  const server = new PGLiteSocketServer({ db, port: 0, host: "127.0.0.1", maxConnections: 8 })
  await server.start()
  return {
    url: `postgres://postgres@${server.getServerConn()}/${name}`,
    db,
    stop: async () => {
      await server.stop()
      await db.close()
    },
  }
}
