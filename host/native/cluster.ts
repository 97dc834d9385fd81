/**
 * A private PostgreSQL cluster beside whatever runs on this machine: own data directory, loopback and socket only,
 * a free port, never as root. `npx tsx host/native/cluster.ts start` is what `make db` calls.
 */
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync, readdirSync } from "node:fs"
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

export interface ClusterOptions {
  /** Where the cluster lives; made when missing, started again when it is there. Default .penstock/db. */
  dir?: string
  /** Server settings, such as { fsync: "off" }. They replace those of an earlier start. */
  settings?: Record<string, string>
  /** More arguments of initdb, for a directory that is made new. */
  initdb?: readonly string[]
  /** More environment of the server process, such as a library to preload. */
  env?: Record<string, string>
  /** What to start in place of postgres, such as a script that runs it under a checker. */
  program?: string
}

export interface Cluster {
  /** postgres://... of the superuser and a database named penstock. */
  url: string
  /** The data directory. */
  data: string
  /** Stops the server; the data stay. `immediate` is a crash: the next start recovers. */
  stop(mode?: "fast" | "immediate"): Promise<void>
}

const serverRoot = "/usr/lib/postgresql"

/** Folder of the newest server's programs (or of $PG_MAJOR's). */
export const serverBinaries = (): string => {
  const majors = existsSync(serverRoot) ? readdirSync(serverRoot) : []
  const wanted = process.env.PG_MAJOR
  const found = majors
    .filter(
      (major) => (wanted === undefined || major === wanted) && existsSync(join(serverRoot, major, "bin/postgres")),
    )
    .toSorted((a, b) => Number(b) - Number(a))[0]
  if (found === undefined) throw new Error(`no PostgreSQL server under ${serverRoot}; run: make native`)
  return join(serverRoot, found, "bin")
}

/** The server refuses to run as root, so root runs it as the user that the distribution's package made. */
const serverUser = async (): Promise<{ uid: number; gid: number } | undefined> => {
  if (process.getuid?.() !== 0) return undefined
  const { stdout } = await run("id", ["-u", "postgres"]).catch(() => {
    throw new Error("running as root without a user postgres; run: make native")
  })
  const { stdout: group } = await run("id", ["-g", "postgres"])
  return { uid: Number(stdout), gid: Number(group) }
}

/** Runs one of the server's programs as the server's user; resolves with what it printed. */
export const runServerProgram = async (
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> => {
  const user = await serverUser()
  const options = { ...user, cwd: "/", env: { ...process.env, ...env } }
  const { stdout } = await run(join(serverBinaries(), program), args, options)
  return stdout
}

const freePort = (): Promise<number> =>
  new Promise((done, failed) => {
    const probe = createServer()
    probe.once("error", failed)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      probe.close(() => done(port))
    })
  })

const paths = (dir: string) => ({
  data: join(dir, "data"),
  log: join(dir, "server.log"),
  url: join(dir, "url"),
  password: join(dir, "password"),
})

const defaultDirectory = (): string => resolve(process.env.PENSTOCK_WORK ?? ".penstock", "db")

/** A folder that belongs to the server's user and is closed to everyone else. */
export const makePrivate = async (dir: string): Promise<void> => {
  const user = await serverUser()
  await mkdir(dir, { recursive: true })
  await chmod(dir, 0o700)
  if (user === undefined) return
  await chown(dir, user.uid, user.gid)
  await run("ls", [dir], { ...user, cwd: "/" }).catch(() => {
    throw new Error(`the user postgres cannot reach ${dir}; give a directory that it can, such as /var/tmp/penstock-db`)
  })
}

const writePrivate = async (path: string, text: string): Promise<void> => {
  await writeFile(path, text, { mode: 0o600 })
  const user = await serverUser()
  if (user !== undefined) await chown(path, user.uid, user.gid)
}

const initialise = async (dir: string, more: readonly string[]): Promise<void> => {
  const { data, password } = paths(dir)
  await writePrivate(password, randomBytes(24).toString("base64url"))
  const account = ["--username", "postgres", "--pwfile", password, "--auth", "scram-sha-256"]
  await runServerProgram("initdb", ["--pgdata", data, ...account, "--encoding", "UTF8", "--locale", "C.UTF-8", ...more])
  const configuration = join(data, "postgresql.conf")
  await writeFile(configuration, `${await readFile(configuration, "utf8")}\ninclude 'penstock.conf'\n`)
}

const isRunning = async (data: string): Promise<boolean> =>
  existsSync(data) && (await runServerProgram("pg_ctl", ["status", "--pgdata", data]).then(Boolean, () => false))

const createDatabase = async (url: string): Promise<void> => {
  const admin = new URL(url)
  admin.pathname = "/postgres"
  const sql = "select 'create database penstock' where not exists (select from pg_database where datname = 'penstock')"
  const psql = join(serverBinaries(), "psql")
  const { stdout } = await run(psql, [admin.href, "-XAtqc", sql])
  if (stdout !== "") await run(psql, [admin.href, "-Xqc", stdout])
}

const stopServer = async (dir: string, mode: "fast" | "immediate"): Promise<void> => {
  const { data } = paths(dir)
  if (await isRunning(data)) await runServerProgram("pg_ctl", ["stop", "--wait", "--mode", mode, "--pgdata", data])
}

/** Starts the cluster of a directory, which is made first when it is new. A running one is returned as it is. */
export const startCluster = async ({
  dir = defaultDirectory(),
  settings = {},
  initdb = [],
  env = {},
  program,
}: ClusterOptions = {}): Promise<Cluster> => {
  const home = resolve(dir)
  const { data, log, url: urlFile, password } = paths(home)
  const stop = (mode: "fast" | "immediate" = "fast") => stopServer(home, mode)
  if (await isRunning(data)) return { url: (await readFile(urlFile, "utf8")).trim(), data, stop }
  await makePrivate(home)
  if (!existsSync(join(data, "PG_VERSION"))) await initialise(home, initdb)
  const port = settings.port ?? String(await freePort())
  // A socket's path may have about 100 bytes.
  const socket = home.length < 80 ? home : await mkdtemp(join(tmpdir(), "penstock-socket-"))
  if (socket !== home) await makePrivate(socket)
  const all = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: socket,
    ...settings,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
  await writePrivate(join(data, "penstock.conf"), lines.join(""))
  const instead = program === undefined ? [] : ["--timeout", "300", "-p", program]
  const start = ["start", "--wait", "--pgdata", data, "--log", log, ...instead]
  await runServerProgram("pg_ctl", start, env).catch(async () => {
    throw new Error(`the server did not start:\n${(await readFile(log, "utf8")).slice(-2000)}`)
  })
  const url = `postgres://postgres:${await readFile(password, "utf8")}@127.0.0.1:${port}/penstock`
  await writePrivate(urlFile, `${url}\n`)
  await createDatabase(url)
  return { url, data, stop }
}

/** Stops the cluster and removes its directory. Refuses to remove a directory that holds no cluster. */
export const removeCluster = async (dir: string = defaultDirectory()): Promise<void> => {
  const home = resolve(dir)
  if (!existsSync(home)) return
  if (!existsSync(paths(home).data)) throw new Error(`${home} holds no cluster; nothing removed`)
  await stopServer(home, "immediate")
  await rm(home, { recursive: true, force: true })
}

const commands: Record<string, (dir: string) => Promise<void>> = {
  start: async (dir) => console.log((await startCluster({ dir })).url),
  url: async (dir) => console.log((await readFile(paths(dir).url, "utf8")).trim()),
  stop: async (dir) => stopServer(dir, "fast"),
  clean: removeCluster,
}

const main = async (): Promise<void> => {
  const [name = "", dir = defaultDirectory()] = process.argv.slice(2)
  const command = commands[name]
  if (command === undefined) throw new Error(`usage: cluster.ts ${Object.keys(commands).join("|")} [directory]`)
  await command(resolve(dir))
}

// Run as a program, not imported.
if (process.argv[1]?.endsWith("cluster.ts") === true)
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
