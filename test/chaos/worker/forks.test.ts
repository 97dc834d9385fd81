// The worker meets another history than it signed: it signs nothing and stops with an exit code of its own. After an
// operator has declared what is lost, and has said so to the worker too, it goes on.
import { execFile } from "node:child_process"
import { cp, mkdtemp } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Cluster } from "../../../host/native/cluster.ts"
import { serverBinaries } from "../../../host/native/cluster.ts"
import { describeChaos, Servers, type Session } from "../support/servers.ts"
import { beginWithKeys, type Installation, keptNotes, WorkerProcess } from "./support.ts"

const run = promisify(execFile)
const forked = 3

describeChaos("a worker that meets another history", () => {
  let servers: Servers
  let live: Cluster
  let own: Installation
  const started: WorkerProcess[] = []
  const start = (url: string, keyFile = own.keyFile, ...more: string[]) => {
    const worker = new WorkerProcess([url, "--key", keyFile, ...more])
    started.push(worker)
    return worker
  }
  /** A worker's whole life: starts, seals, is asked to stop. */
  const workOnce = async (url: string, keyFile = own.keyFile, ...more: string[]) => {
    const worker = start(url, keyFile, ...more)
    await worker.step("round")
    expect(await worker.kill("SIGTERM")).toBe(0)
  }
  const expectFork = async (url: string, keyFile = own.keyFile, ...more: string[]) => {
    const before = await keptNotes(`${keyFile}.checkpoints`)
    const worker = start(url, keyFile, ...more)
    expect({ code: await worker.exited, step: worker.log.at(-1)?.step, sql: worker.log.at(-1)?.code }).toEqual({
      code: forked,
      step: "forked",
      sql: "55R04",
    })
    expect(worker.log.map(({ step }) => step)).not.toContain("event.signed")
    expect(await keptNotes(`${keyFile}.checkpoints`)).toEqual(before)
  }
  /** A key file and its checkpoints, as whoever clones the machine has them. */
  const cloneKeys = async (): Promise<string> => {
    const folder = await mkdtemp(join(servers.folder, "clone-"))
    await cp(own.keyFile, join(folder, "worker.key"))
    await cp(own.checkpoints, join(folder, "worker.key.checkpoints"), { recursive: true })
    return join(folder, "worker.key")
  }
  const happen = (session: Session, words: string) =>
    session.query("select integrity.override('docs', 'stress', $1, '1 hour')", [words])

  beforeAll(async () => {
    servers = await Servers.open()
    live = await servers.start("live")
    const session = await servers.installed(live)
    own = await beginWithKeys(session, join(servers.folder, "keys"))
    await session.query("select penstock.create_collection('docs', 3)")
    await workOnce(live.url)
  })
  afterAll(async () => {
    await Promise.all(started.map((worker) => worker.kill()))
    await servers.close()
  })

  test("a restored backup beside the live server, and a clone with the same key", async () => {
    await live.stop()
    await cp(join(servers.folder, "live"), join(servers.folder, "backup"), { recursive: true })
    await run("chown", ["-R", "postgres:", join(servers.folder, "backup")]).catch(() => undefined)
    live = await servers.start("live")
    const backup = await servers.start("backup")
    const keysOfClone = await cloneKeys()

    await happen(await servers.session(live.url), "only on the live server")
    await workOnce(live.url)
    await expectFork(backup.url)

    // Whoever has the key and the backup can go on with both, until the two meet.
    await happen(await servers.session(backup.url), "only on the clone")
    await workOnce(backup.url, keysOfClone)
    await expectFork(live.url, keysOfClone)
    await expectFork(backup.url)
    await backup.stop()
    await workOnce(live.url)
  })

  test("a logical backup on another server: refused, until the loss is declared and accepted", async () => {
    const dump = join(servers.folder, "dump")
    const program = (name: string) => join(serverBinaries(), name)
    const size = Number(await (await servers.session(live.url)).value("select size from integrity.tree_head()"))
    await run(program("pg_dump"), ["--format", "custom", "--file", dump, live.url])
    await happen(await servers.session(live.url), "after the backup")
    await workOnce(live.url)
    const signed = (await keptNotes(own.checkpoints)).at(-1)?.size ?? 0
    expect(signed).toBeGreaterThan(size)

    const restored = await servers.start("restored")
    const session = await servers.session(restored.url)
    for (const role of [
      "penstock_user",
      "penstock_worker",
      "penstock_operator",
      "penstock_admin",
      "penstock_log_owner",
    ]) {
      await session.query(`create role ${role} nologin`)
    }
    await run(program("pg_restore"), ["--exit-on-error", "--dbname", restored.url, dump])
    await expectFork(restored.url)

    await session.query("select integrity.declare_epoch('restore', $1, 'the disk of the server was lost')", [signed])
    // The database alone does not decide that: an administrator of it could.
    await expectFork(restored.url)
    await workOnce(restored.url, own.keyFile, "--accept-epoch", "2")
    await workOnce(restored.url)
    // From then on it is the server that was left which is the other one.
    await expectFork(live.url)
    const found = await session.query("select problem, words from integrity.verify_history($1, 'all')", [
      (await keptNotes(own.checkpoints)).at(-1)?.note,
    ])
    expect(found.map(({ problem }) => problem)).toEqual([null])
    await restored.stop()
  })

  test("a superuser cuts the log, or changes it; another log with the same key", async () => {
    const url = new URL(live.url)
    const admin = await servers.session(Object.assign(new URL(url), { pathname: "/postgres" }).href)
    const copyOf = async (name: string) => {
      await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'penstock'")
      await admin.query(`create database ${name} template penstock`)
      return Object.assign(new URL(url), { pathname: `/${name}` }).href
    }
    const disarm = ["_events", "_tiles", "_checkpoints"].map(
      (table) => `alter table integrity.${table} disable trigger all`,
    )
    for (const [name, crime] of [
      ["cut", "delete from integrity._events where seq = (select max(seq) from integrity._events)"],
      ["emptied", "delete from integrity._events"],
    ] as const) {
      const target = await copyOf(name)
      const thief = await servers.session(target)
      await thief.query(disarm.join(";"))
      await thief.query(crime)
      // Whoever can do that sets the head back as well.
      await thief.query("update integrity._history_head set size = size - 1, peaks = substr(peaks, 1, 0)")
      await expectFork(target)
    }
    const changed = await copyOf("changed")
    const thief = await servers.session(changed)
    await thief.query("update integrity._history_head set peaks = decode(repeat('ab', octet_length(peaks)), 'hex')")
    await expectFork(changed)

    const elsewhere = await copyOf("elsewhere")
    await (await servers.session(elsewhere)).query(`update integrity._history_head set log_id = '${"00".repeat(16)}'`)
    await expectFork(elsewhere)
  })
})
