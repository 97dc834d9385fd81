/** Every kind of store, for tests that must give the same on all of them. */
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openStore, type Store } from "../../client/index.ts"
import { removeCluster, startCluster } from "../../host/native/cluster.ts"
import { type Database, openDatabase } from "../support/database.ts"

export interface TestServer {
  url: string
  close(): Promise<void>
}

/** DATABASE_URL, else a cluster of its own that `close` removes. */
export async function openServer(): Promise<TestServer> {
  const given = process.env["DATABASE_URL"]
  if (given !== undefined && given !== "") return { url: given, close: () => Promise.resolve() }
  const dir = mkdtempSync(join(tmpdir(), "penstock-client-"))
  const { url } = await startCluster({ dir, settings: { fsync: "off" } })
  return { url, close: () => removeCluster(dir) }
}

export interface OpenedStore {
  store: Store
  /** The database behind it; none for memory. */
  database?: Database
  close(): Promise<void>
}

export type StoreKind = "memory" | "embedded" | "server"

/** Opens a fresh store; `url` is the server for the kind "server". */
export async function openTestStore(kind: StoreKind, url: string | undefined): Promise<OpenedStore> {
  if (kind === "memory") {
    const store = openStore({ backend: "memory" })
    return { store, close: () => store.close() }
  }
  const database = await openDatabase(kind === "server" ? { url } : {})
  const store = openStore({ backend: "postgres", ...database.target })
  return {
    store,
    database,
    async close() {
      await store.close()
      await database.close()
    },
  }
}
