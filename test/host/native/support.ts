import { afterAll, beforeAll, describe, expect } from "@jest/globals"
import { existsSync } from "node:fs"
import { mkdtemp, readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { type Cluster, removeCluster, serverBinaries, startCluster } from "../../../host/native/cluster.ts"

/** Whether `make native` has put plv8_host on this machine. */
const isInstalled = (): boolean => {
  try {
    const major = /\/(\d+)\/bin$/.exec(serverBinaries())?.[1] ?? ""
    return existsSync(`/usr/share/postgresql/${major}/extension/plv8_host.control`)
  } catch {
    return false
  }
}

export interface Failure {
  code: string
  message: string
  detail?: string
  hint?: string
  where?: string
}

/** One connection to the private cluster. */
export class Session {
  readonly client: pg.Client
  /** The error that ended the connection, once it has ended. */
  ended: Failure | undefined

  constructor(url: string, user?: string) {
    const target = new URL(url)
    if (user !== undefined) {
      target.username = user
      target.password = user
    }
    this.client = new pg.Client({ connectionString: target.href })
    this.client.on("error", (error) => {
      this.ended ??= error as unknown as Failure
    })
  }

  async query(sql: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
    const result = await this.client.query<Record<string, unknown>>(sql, params.length > 0 ? params : undefined)
    return result.rows
  }

  /** First column of the first row. */
  async value(sql: string, params: unknown[] = []): Promise<unknown> {
    const [row] = await this.query(sql, params)
    return row === undefined ? undefined : Object.values(row)[0]
  }

  /** Runs a statement that must fail, and says how. */
  async error(sql: string, params: unknown[] = []): Promise<Failure> {
    try {
      await this.client.query(sql, params.length > 0 ? params : undefined)
    } catch (error) {
      return error as Failure
    }
    throw new Error(`expected an error, but this succeeded: ${sql}`)
  }

  /** Runs JavaScript in a DO block. */
  run(javascript: string): Promise<unknown> {
    return this.query(`do language plv8 $js$ ${javascript} $js$`)
  }

  /** Runs JavaScript that must fail; its SQLSTATE. */
  async code(javascript: string): Promise<string> {
    return (await this.error(`do language plv8 $js$ ${javascript} $js$`)).code
  }

  async processId(): Promise<number> {
    return Number(await this.value("select pg_backend_pid()"))
  }

  close(): Promise<void> {
    return this.client.end()
  }
}

export interface Native {
  /** A new connection, as the superuser or as a role made by `role()`. */
  open(user?: string): Promise<Session>
  /** Makes a plain login role. */
  role(name: string): Promise<void>
  readonly cluster: Cluster
}

/**
 * Tests on a private cluster with plv8_host. At the end no process of the server may have crashed.
 * Skipped, with the reason in the name, where the extension is not installed.
 */
export const describeNative = (
  name: string,
  settings: Record<string, string>,
  tests: (native: Native) => void,
): void => {
  if (!isInstalled()) {
    describe.skip(`${name} (plv8_host is not installed; run: make native)`, () => tests({} as Native))
    return
  }
  describe(name, () => {
    const sessions: Session[] = []
    let directory = ""
    let cluster: Cluster
    const native: Native = {
      open: async (user) => {
        const session = new Session(cluster.url, user)
        sessions.push(session)
        await session.client.connect()
        return session
      },
      role: async (role) => {
        const admin = await native.open()
        await admin.query(`create role ${role} login password '${role}'`)
        await admin.query(`create schema ${role} authorization ${role}`)
      },
      get cluster() {
        return cluster
      },
    }
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "penstock-native-"))
      cluster = await startCluster({ dir: directory, settings: { fsync: "off", ...settings } })
      await (await native.open()).query("create extension plv8_host")
    })
    afterAll(async () => {
      await Promise.all(sessions.map((session) => session.close().catch(() => undefined)))
      const log = await readFile(join(directory, "server.log"), "utf8")
      await removeCluster(directory)
      expect(log).not.toMatch(/terminated by signal|terminating any other active|PANIC/)
    })
    tests(native)
  })
}
