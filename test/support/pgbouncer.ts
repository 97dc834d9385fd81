/** A pgbouncer in transaction mode in front of a private server; the distribution's package has to be there. */
import { type ChildProcess, spawn } from "node:child_process"
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { execFileSync } from "node:child_process"
import pg from "pg"

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

export interface Pooler {
  /** The same database and role, through the pooler. */
  through(url: string): string
  stop(): Promise<void>
}

/** Starts it with `size` server connections for each database and role. */
export const startPgbouncer = async (serverUrl: string, size: number): Promise<Pooler> => {
  const { hostname, port: serverPort } = new URL(serverUrl)
  const folder = await mkdtemp(join(tmpdir(), "penstock-pgbouncer-"))
  const port = await freePort()
  const asRoot = process.getuid?.() === 0
  const id = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }))
  const owner = asRoot ? { uid: id("-u"), gid: id("-g") } : undefined
  const put = async (name: string, text: string): Promise<void> => {
    const path = join(folder, name)
    await writeFile(path, text, { mode: 0o600 })
    if (owner !== undefined) await chown(path, owner.uid, owner.gid)
  }
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
  await chmod(folder, 0o700)
  const users = new Map<string, string>()
  const writeUsers = async (): Promise<void> =>
    put("users.txt", [...users].map(([name, password]) => `"${name}" "${password}"\n`).join(""))
  const remember = ({ username, password }: URL): void => {
    users.set(decodeURIComponent(username), decodeURIComponent(password))
  }
  remember(new URL(serverUrl))
  users.set("tenant_a", "secret")
  users.set("tenant_b", "secret")
  await writeUsers()
  await put(
    "pgbouncer.ini",
    `[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${join(folder, "users.txt")}
pool_mode = transaction
default_pool_size = ${size}
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
`,
  )
  const child: ChildProcess = spawn("/usr/sbin/pgbouncer", [join(folder, "pgbouncer.ini")], {
    stdio: "ignore",
    ...owner,
  })
  const through = (url: string): string => {
    const pooled = new URL(url)
    pooled.hostname = "127.0.0.1"
    pooled.port = String(port)
    return pooled.href
  }
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({ connectionString: through(serverUrl) })
    try {
      await client.connect()
      await client.end()
      break
    } catch (error) {
      await client.end().catch(() => undefined)
      if (attempt === 50) throw error
      await setTimeout(100)
    }
  }
  return {
    through,
    async stop() {
      const gone = new Promise((resolve) => child.once("close", resolve))
      child.kill("SIGKILL")
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}
