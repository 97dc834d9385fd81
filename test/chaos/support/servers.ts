/** Real servers to break: private clusters, standbys of them, and a database with everything of ours installed. */
import { existsSync } from "node:fs"
import { copyFile, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe } from "@jest/globals"
import { Client } from "pg"
import {
  type Cluster,
  type ClusterOptions,
  makePrivate,
  removeCluster,
  runServerProgram,
  serverBinaries,
  startCluster,
} from "../../../host/native/cluster.ts"
import { install } from "../../support/template.ts"

/** Whether this machine has a server with the language plv8; `make native` gets it. */
const hasServer = (): boolean => {
  try {
    const major = /\/(\d+)\/bin$/.exec(serverBinaries())?.[1] ?? ""
    const folder = `/usr/share/postgresql/${major}/extension`
    return ["plv8_host", "plv8"].some((name) => existsSync(join(folder, `${name}.control`)))
  } catch {
    return false
  }
}

/** Tests on real servers. `needs` are files that the machine must have besides. Skipped with the reason in the name. */
export const describeChaos = (name: string, tests: () => void, needs: readonly string[] = []): void => {
  const missing = [
    ...(hasServer() ? [] : ["PostgreSQL with plv8_host; run: make native"]),
    ...needs.filter((path) => !existsSync(path)),
  ]
  if (missing.length === 0) describe(name, tests)
  else describe.skip(`${name} (this machine lacks ${missing.join(", ")})`, tests)
}

/** One connection; `value` is the first column of the first row. */
export class Session {
  readonly client: Client
  constructor(url: string) {
    this.client = new Client({ connectionString: url })
    // a server that is stopped on purpose ends the connection
    this.client.on("error", () => undefined)
  }
  async query(sql: string, params: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const { rows } = await this.client.query<Record<string, unknown>>(sql, params.length > 0 ? [...params] : undefined)
    return rows
  }
  async value<T>(sql: string, params: readonly unknown[] = []): Promise<T> {
    const [row] = await this.query(sql, params)
    return Object.values(row ?? {})[0] as T
  }
}

/** A folder with servers; `close` stops all of them, ends all sessions and removes the folder. */
export class Servers {
  readonly folder: string
  readonly #clusters: string[] = []
  readonly #sessions: Session[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  static async open(): Promise<Servers> {
    const folder = await mkdtemp(join(tmpdir(), "penstock-chaos-"))
    await makePrivate(folder)
    return new Servers(folder)
  }

  async start(name: string, options: ClusterOptions = {}): Promise<Cluster> {
    const dir = join(this.folder, name)
    if (!this.#clusters.includes(dir)) this.#clusters.push(dir)
    return startCluster({ dir, ...options, settings: { fsync: "off", ...options.settings } })
  }

  /** A standby of `primary` with a slot of its own name. */
  async standby(name: string, primary: Cluster, settings: Record<string, string> = {}): Promise<Cluster> {
    const dir = join(this.folder, name)
    await rm(dir, { recursive: true, force: true })
    await makePrivate(dir)
    const from = new URL(primary.url)
    from.pathname = "/"
    const copy = ["--pgdata", join(dir, "data"), "--write-recovery-conf", "--checkpoint", "fast", "--no-sync"]
    await runServerProgram("pg_basebackup", [...copy, "--create-slot", "--slot", name, "--dbname", from.href])
    await copyFile(join(primary.data, "../password"), join(dir, "password"))
    return this.start(name, { settings: { cluster_name: name, ...settings } })
  }

  async session(url: string): Promise<Session> {
    const session = new Session(url)
    await session.client.connect()
    this.#sessions.push(session)
    return session
  }

  /** A session of `cluster`, with Penstock installed in its database. */
  async installed(cluster: Cluster): Promise<Session> {
    const session = await this.session(cluster.url)
    await install((sql) => session.client.query(sql))
    return session
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.client.end().catch(() => undefined)))
    for (const dir of this.#clusters.toReversed()) await removeCluster(dir).catch(() => undefined)
    await rm(this.folder, { recursive: true, force: true })
  }
}
