// One worker is active at a time; another takes over when it ends, however it ends. And what a worker refuses.
import { chmod, cp } from "node:fs/promises"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { chown, mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { makeKeyFile } from "../../../client/signing/key-file.ts"
import { describeChaos, Servers, type Session } from "../support/servers.ts"
import { pause } from "../support/states.ts"
import { beginWithKeys, disagreements, guard, type Installation, WorkerProcess } from "./support.ts"

describeChaos("several workers", () => {
  let servers: Servers
  let session: Session
  let url: string
  /** As a member of penstock_worker and of nothing else. */
  let clerkUrl: string
  let own: Installation
  const started: WorkerProcess[] = []
  const start = (...more: string[]) => {
    const worker = new WorkerProcess([clerkUrl, "--key", own.keyFile, ...more])
    started.push(worker)
    return worker
  }
  const health = async (worker: WorkerProcess) => {
    const answer = await fetch(`http://127.0.0.1:${await worker.port()}/health`)
    return { http: answer.status, ...((await answer.json()) as { status: string }) }
  }

  beforeAll(async () => {
    servers = await Servers.open()
    const cluster = await servers.start("primary")
    url = cluster.url
    session = await servers.installed(cluster)
    own = await beginWithKeys(session, join(servers.folder, "keys"))
    await guard(session)
    await session.query("create role clerk login password 'clerk' in role penstock_worker")
    clerkUrl = Object.assign(new URL(url), { username: "clerk", password: "clerk" }).href
  })
  afterAll(async () => {
    await Promise.all(started.map((worker) => worker.kill()))
    await servers.close()
  })

  test("the second waits, and takes over when the first is killed, asked to stop, or loses its session", async () => {
    let active = start("--name", "first")
    await active.step("round")
    for (const [i, end] of ["kill", "stop", "terminate"].entries()) {
      const waiting = start("--name", `heir ${i}`)
      await waiting.step("standby")
      expect(await health(active)).toMatchObject({ http: 200, status: "active" })
      expect(await health(waiting)).toMatchObject({ http: 200, status: "standby" })
      const holder = "select pid from pg_locks where locktype = 'advisory' and classid = 1346719319 and granted"
      expect(await session.query(holder)).toHaveLength(1)
      const before = await session.value<string>("select token from integrity.worker")
      if (end === "kill") await active.kill("SIGKILL")
      if (end === "stop") expect(await active.kill("SIGTERM")).toBe(0)
      if (end === "terminate") {
        // The lock goes with the session. Both want it now; whoever gets it, one has it.
        await session.query(`select pg_terminate_backend(pid) from (${holder}) as h`)
        await active.step("reconnect")
        for (let tries = 0; (await session.query(holder)).length === 0 && tries < 200; tries++) await pause(50)
        await active.kill("SIGKILL")
      }
      await waiting.step("active")
      await waiting.step("round")
      expect(Number(await session.value("select token from integrity.worker"))).toBeGreaterThan(Number(before))
      expect(await session.value("select name from integrity.worker")).toBe(`heir ${i}`)
      active = waiting
    }
    expect(await active.kill("SIGTERM")).toBe(0)
    expect(await disagreements(session, own.checkpoints)).toEqual([])
  })

  test("what an earlier worker still writes is refused", async () => {
    const [old, next] = [await servers.session(url), await servers.session(url)]
    const token = await old.value("select integrity.worker_begin('old', '0')")
    expect(await next.value("select integrity.worker_begin('next', '0')")).toBeNull()
    await old.query("select pg_advisory_unlock_all()")
    const newer = await next.value("select integrity.worker_begin('next', '0')")
    expect(Number(newer)).toBe(Number(token) + 1)
    for (const call of [
      ["select integrity.worker_beat($1)"],
      ["select integrity.worker_end($1)"],
      ["select integrity.worker_prepare_event($1, 'worker_note', '{}')"],
      ["select integrity.worker_append_signed($1, $2, $2)", Buffer.from("00")],
      ["select integrity.worker_store_checkpoint($1, $2)", "a note"],
      ["select integrity.notification_attempted($1, $2)", 1],
    ]) {
      const [sql = "", ...values] = call
      await expect(old.query(sql as string, [token, ...values])).rejects.toMatchObject({ code: "55000" })
    }
    await next.query("select integrity.worker_end($1)", [newer])
  })

  test("metrics show the collection, the history and what waits for a signature", async () => {
    const worker = start("--disk", servers.folder)
    await worker.step("round")
    const text = await (await fetch(`http://127.0.0.1:${await worker.port()}/metrics`)).text()
    for (const line of [
      /^penstock_worker_active 1$/m,
      /^penstock_state\{collection="docs"\} 0$/m,
      /^penstock_stale\{collection="docs"\} 0$/m,
      /^penstock_blind_signals\{collection="docs"\} \d+$/m,
      /^penstock_history_events [1-9]\d*$/m,
      /^penstock_history_pending_signatures \d+$/m,
      /^penstock_disk_used_share 0\.\d+$/m,
    ]) {
      expect(text).toMatch(line)
    }
    expect(await session.value("select status from integrity.probes where kind = 'disk'")).toBe("ok")
    expect(await worker.kill("SIGINT")).toBe(0)
  })

  test("without a key file it keeps what the database signs; not when the key in use is outside", async () => {
    const keyless = new WorkerProcess([url, "--checkpoints", join(servers.folder, "keyless")])
    started.push(keyless)
    expect(await keyless.exited).toBe(1)
    expect(keyless.errors).toContain("28000")

    const target = new URL(url)
    target.pathname = "/plain"
    await session.query("create database plain")
    await servers.installed({ url: target.href, data: "", stop: () => Promise.resolve() })
    const worker = new WorkerProcess([target.href, "--checkpoints", join(servers.folder, "plain")])
    started.push(worker)
    await worker.step("checkpoint.kept")
    expect(await worker.kill("SIGTERM")).toBe(0)
  })

  test("a key file that is open to others, and keys that are not in use, are refused", async () => {
    const open = join(servers.folder, "open.key")
    await cp(own.keyFile, open)
    await chmod(open, 0o640)
    const other = join(servers.folder, "other.key")
    await makeKeyFile(other, ["events", "checkpoints"])
    for (const [file, code] of [
      [open, "42501"],
      [other, "28000"],
    ] as const) {
      const worker = new WorkerProcess([url, "--key", file])
      started.push(worker)
      expect(await worker.exited).toBe(1)
      expect(worker.errors).toContain(code)
    }
  })
})

const pgbouncer = "/usr/sbin/pgbouncer"

describeChaos("a worker behind a pooler", () => {
  let servers: Servers
  let pooler: ReturnType<typeof spawn> | undefined
  beforeAll(async () => {
    servers = await Servers.open()
  })
  afterAll(async () => {
    pooler?.kill("SIGKILL")
    await servers.close()
  })

  test.each(["transaction", "session"])("in %s mode says that it needs a direct connection", async (mode) => {
    const cluster = await servers.start("pooled")
    const target = new URL(cluster.url)
    const folder = join(servers.folder, `bouncer-${mode}`)
    await mkdir(folder, { recursive: true })
    const port = 20_000 + (process.pid % 20_000) + (mode === "session" ? 1 : 0)
    const server = `host=127.0.0.1 port=${target.port} user=postgres password=${target.password} dbname=penstock`
    await writeFile(join(folder, "users"), `"postgres" "${target.password}"\n`)
    await writeFile(
      join(folder, "ini"),
      `[databases]\npenstock = ${server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nauth_type = plain\nauth_file = ${folder}/users\npool_mode = ${mode}\nunix_socket_dir =\n`,
    )
    const root = process.getuid?.() === 0
    if (root) {
      const { uid, gid } = await (await import("node:fs/promises")).stat(cluster.data)
      for (const file of [folder, join(folder, "users"), join(folder, "ini")]) await chown(file, uid, gid)
      pooler = spawn(pgbouncer, [join(folder, "ini")], { uid, gid, stdio: "ignore", cwd: "/" })
    } else pooler = spawn(pgbouncer, [join(folder, "ini")], { stdio: "ignore", cwd: "/" })
    target.port = String(port)
    for (let tries = 0; tries < 100; tries++) {
      const isUp = await servers.session(target.href).then(
        () => true,
        () => false,
      )
      if (isUp) break
      await pause(50)
    }
    const worker = new WorkerProcess([target.href, "--checkpoints", folder])
    expect(await worker.exited).toBe(1)
    expect(worker.errors).toContain("0A000")
    pooler.kill("SIGKILL")
    expect(existsSync(join(folder, "ini"))).toBe(true)
  })
}, [pgbouncer])
