/** The PostgreSQL server on which the SQL tests run a second time. */
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { removeCluster, startCluster } from "../../host/native/cluster.ts"

export interface TestServer {
  url: string
  /** Server, handler and pgvector, for the log. */
  description: string
  close(this: void): Promise<void>
}

const FACTS = `
  select current_setting('server_version') as server,
    max(default_version) filter (where name in ('plv8', 'plv8_host')) as plv8,
    max(name) filter (where name in ('plv8', 'plv8_host')) as handler,
    max(default_version) filter (where name = 'vector') as pgvector
  from pg_available_extensions`

async function describe(url: string): Promise<{ description: string } | { missing: string }> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows } = await client.query<Record<"server" | "plv8" | "handler" | "pgvector", string | null>>(FACTS)
    const { server, plv8, handler, pgvector } = rows[0] ?? {}
    if (plv8 == null) return { missing: "the server has neither plv8 nor plv8_host" }
    if (pgvector == null) return { missing: "the server has no pgvector" }
    return { description: `PostgreSQL ${server}, ${handler} ${plv8}, pgvector ${pgvector}` }
  } finally {
    await client.end()
  }
}

/** The server of DATABASE_URL, else a private cluster that `close` removes; or what is missing. */
export async function openTestServer(): Promise<TestServer | { missing: string }> {
  const given = process.env["DATABASE_URL"]
  if (given !== undefined && given !== "") {
    const found = await describe(given)
    return "missing" in found ? found : { ...found, url: given, close: () => Promise.resolve() }
  }
  const dir = mkdtempSync(join(tmpdir(), "penstock-server-"))
  const remove = () => removeCluster(dir)
  let url: string
  try {
    // Nothing of it outlives the tests, so it need not survive a power cut.
    ;({ url } = await startCluster({ dir, settings: { fsync: "off", max_connections: "200" } }))
  } catch (error) {
    await remove().catch(() => {})
    return { missing: error instanceof Error ? error.message : String(error) }
  }
  const found = await describe(url)
  if ("missing" in found) {
    await remove()
    return found
  }
  return { ...found, url, close: remove }
}
