// The server crashes (immediate stop) under the worker: what was signed is still there, what was not committed is not,
// and the worker goes on by itself.
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Cluster } from "../../../host/native/cluster.ts"
import { describeChaos, Servers } from "../support/servers.ts"
import { pause } from "../support/states.ts"
import { beginWithKeys, disagreements, type Installation, WorkerProcess } from "./support.ts"

describeChaos("a server that crashes under the worker", () => {
  let servers: Servers
  let cluster: Cluster
  let own: Installation
  let worker: WorkerProcess
  const settings: Record<string, string> = { wal_writer_delay: "10s" }

  beforeAll(async () => {
    servers = await Servers.open()
    cluster = await servers.start("primary", { settings })
    settings["port"] = new URL(cluster.url).port
    const session = await servers.installed(cluster)
    own = await beginWithKeys(session, join(servers.folder, "keys"))
    await session.query("select penstock.create_collection('docs', 3)")
    worker = new WorkerProcess([cluster.url, "--key", own.keyFile])
    await worker.step("round")
  })
  afterAll(async () => {
    await worker.kill()
    await servers.close()
  })

  const restart = async () => {
    cluster = await servers.start("primary", { settings })
    return servers.session(cluster.url)
  }

  test("events whose commit did not wait for the disk are on it before they are signed", async () => {
    for (let round = 0; round < 2; round++) {
      // Keeps the worker between its own disk and the server, where nothing but its care has flushed the events.
      const holder = await servers.session(cluster.url)
      await holder.query("begin; lock table integrity._checkpoints in share row exclusive mode")
      const operator = await servers.session(cluster.url)
      await operator.query("set synchronous_commit = off")
      const from = worker.log.length
      await operator.query("select integrity.override('docs', $1, 'crash', '1 hour')", [
        ["stress", "critical"][round % 2],
      ])
      await worker.step("checkpoint.kept", () => true, from)
      await cluster.stop("immediate")
      const after = worker.log.length
      const session = await restart()
      await worker.step("linked", () => true, after)
      expect(await disagreements(session, own.checkpoints)).toEqual([])
    }
  })

  test("an event that was appended but not committed leaves nothing behind", async () => {
    const operator = await servers.session(cluster.url)
    const size = await operator.value("select size from integrity.tree_head()")
    await operator.query("begin")
    await operator.query("select integrity.override('docs', 'normal', 'never committed', '1 hour')")
    expect(await operator.value("select size from integrity.tree_head()")).not.toBe(size)
    await cluster.stop("immediate")
    const after = worker.log.length
    const session = await restart()
    await worker.step("round", () => true, after)
    const found = await session.query("select from integrity.events where body ->> 'reason' = 'never committed'")
    expect(found).toEqual([])
    expect(await disagreements(session, own.checkpoints)).toEqual([])
  })

  test("it goes on by itself, and stops cleanly afterwards", async () => {
    await pause(100)
    expect(worker.log.filter(({ step }) => step === "reconnect").length).toBeGreaterThanOrEqual(3)
    // One start, however often the server went away.
    expect(worker.log.filter(({ type }) => type === "worker_started")).toHaveLength(1)
    expect(await worker.kill("SIGTERM")).toBe(0)
  })
})
