/** A PostgreSQL cluster of its own for tests that need several connections, other roles, dumps or crashes. */
import { existsSync } from "node:fs"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe } from "@jest/globals"
import { Client } from "pg"
import { migrate } from "../../cli/migrations/index.ts"
import { removeCluster, startCluster } from "../../host/native/cluster.ts"
import { hasServer } from "./has-server.ts"

/** describe, skipped where there is no server to start. */
export const describeOnServer = (title: string, body: () => void): void =>
  hasServer ? describe(title, body) : describe.skip(`${title} (needs a server: make native)`, body)

/** Whether a program is on the PATH or where Debian keeps servers' programs. */
export const hasProgram = (name: string): boolean =>
  [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin"].some((folder) => existsSync(join(folder, name)))

export const query = async <R = Record<string, unknown>>(
  url: string,
  sql: string,
  values?: unknown[],
): Promise<R[]> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql, values)).rows as R[]
  } finally {
    await client.end()
  }
}

export class PrivateServer {
  /** Of the superuser, database "penstock". */
  readonly url: string
  private readonly folder: string
  private installed = false

  private constructor(url: string, folder: string) {
    this.url = url
    this.folder = folder
  }

  static async start(settings: Record<string, string> = {}): Promise<PrivateServer> {
    const folder = await mkdtemp(join(tmpdir(), "penstock-private-"))
    const { url } = await startCluster({ dir: folder, settings: { fsync: "off", ...settings } })
    return new PrivateServer(url, folder)
  }

  /** The same server, another database, and another role when one is given (its password is "secret"). */
  as(database: string, role?: string): string {
    const url = new URL(this.url)
    url.pathname = `/${database}`
    if (role !== undefined) {
      url.username = role
      url.password = "secret"
    }
    return url.href
  }

  /** A new database, empty, or with the two extensions only; the URL of its owner. */
  async database(
    name: string,
    { owner, extensions = false }: { owner?: string; extensions?: boolean } = {},
  ): Promise<string> {
    await query(this.url, `create database ${name}${owner === undefined ? "" : ` owner ${owner}`}`)
    if (extensions) {
      const [handler] = await query<{ name: string }>(
        this.as(name),
        "select name from pg_available_extensions where name in ('plv8', 'plv8_host') order by 1",
      )
      await query(this.as(name), `create extension vector; create extension ${handler?.name}`)
    }
    return this.as(name, owner)
  }

  /** A new database with everything installed by the superuser. */
  async installedDatabase(name: string): Promise<string> {
    if (!this.installed) await migrate(await this.database("penstock_installed"))
    this.installed = true
    await query(this.url, `create database ${name} template penstock_installed`)
    return this.as(name)
  }

  async stop(): Promise<void> {
    await removeCluster(this.folder)
  }
}
