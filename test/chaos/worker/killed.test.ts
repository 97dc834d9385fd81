// SIGKILL of the worker, at every step that it announces and at random moments, under load: state, gate and log agree
// afterwards, and the next worker goes on from the checkpoints that the last one kept.
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { describeChaos, Servers, type Session } from "../support/servers.ts"
import { pause } from "../support/states.ts"
import { beginWithKeys, disagreements, guard, type Installation, keptNotes, WorkerProcess } from "./support.ts"

const isLong = process.env["PENSTOCK_TEST_LONG"] === "1"

describeChaos("a worker that is killed", () => {
  let servers: Servers
  let session: Session
  let url: string
  let own: Installation
  const started: WorkerProcess[] = []
  const start = () => {
    const worker = new WorkerProcess([url, "--key", own.keyFile, "--checkpoint-seconds", "1"])
    started.push(worker)
    return worker
  }
  /** Transitions come and go by themselves: an operator who cannot decide, and events from elsewhere. */
  let load: Promise<void>
  let loaded = true

  beforeAll(async () => {
    servers = await Servers.open()
    const cluster = await servers.start("primary")
    url = cluster.url
    session = await servers.installed(cluster)
    own = await beginWithKeys(session, join(servers.folder, "keys"))
    await guard(session)
    const operator = await servers.session(url)
    load = (async () => {
      for (let i = 0; loaded; i++) {
        const state = ["normal", "stress", "critical"][i % 3]
        await operator.query("select integrity.override('docs', $1, 'load', '300 ms')", [state])
        await pause(150 + 100 * Math.random())
      }
    })()
  })
  afterAll(async () => {
    loaded = false
    await load
    await Promise.all(started.map((worker) => worker.kill()))
    await servers.close()
  })

  const survive = async (worker: WorkerProcess, when: string) => {
    await worker.kill()
    const next = start()
    await next.step("active")
    await next.step("checkpoint.stored")
    // Behind the sampler's lock, so that what is compared is of one moment.
    await session.query("begin isolation level repeatable read")
    const found = await disagreements(session, own.checkpoints)
    await session.query("commit")
    expect({ when, found }).toEqual({ when, found: [] })
    return next
  }

  test("at every step that it announces", async () => {
    let worker = start()
    for (const step of ["listening", "active", "event.signed", "checkpoint.kept", "checkpoint.stored", "round"]) {
      await worker.step(step)
      worker = await survive(worker, step)
    }
    await worker.kill()
  })

  test("at random moments", async () => {
    let worker = start()
    for (let i = 0; i < (isLong ? 100 : 5); i++) {
      await worker.step("listening")
      const delay = Math.floor(Math.random() * 700)
      await pause(delay)
      worker = await survive(worker, `${delay} ms after its start`)
    }
    expect(await worker.kill("SIGTERM")).toBe(0)
    const sizes = (await keptNotes(own.checkpoints)).map(({ size }) => size)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
  })

  test("asked to stop, it seals everything and says so", async () => {
    loaded = false
    await load
    const worker = start()
    await worker.step("round")
    expect(await worker.kill("SIGTERM")).toBe(0)
    const size = await session.value<string>("select size from integrity.tree_head()")
    expect((await keptNotes(own.checkpoints)).at(-1)?.size).toBe(Number(size))
    expect(await session.query("select event_type from integrity.events order by seq desc limit 1")).toEqual([
      { event_type: "worker_stopped" },
    ])
    expect(await session.query("select is_active, ended_at is not null as ended from integrity.worker")).toEqual([
      { is_active: false, ended: true },
    ])
  })
})
