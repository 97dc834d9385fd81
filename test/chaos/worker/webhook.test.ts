// Notifications reach a real receiver that checks every signature: at least once, recognisable, in spite of a receiver
// that fails or does not answer, and of a worker that is killed.
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { readKeyFile } from "../../../client/signing/key-file.ts"
import { verifyWebhook, webhookPublicKey } from "../../../client/webhook.ts"
import { describeChaos, Servers, type Session } from "../support/servers.ts"
import { pause } from "../support/states.ts"
import { beginWithKeys, type Installation, WorkerProcess } from "./support.ts"

interface Payload {
  type: string
  log_id: string
  data: { collection: string; new_state?: string }
}

describeChaos("webhooks", () => {
  let servers: Servers
  let session: Session
  let url: string
  let own: Installation
  let receiver: Server
  let hook: string
  const started: WorkerProcess[] = []
  const start = () => {
    const worker = new WorkerProcess([url, "--key", own.keyFile, "--webhook", hook])
    started.push(worker)
    return worker
  }
  /** Ids in the order of arrival, with what they said; only what was signed gets here. */
  const accepted: { id: string; payload: Payload }[] = []
  const refused: string[] = []
  /** How the receiver answers the next requests; then 204. `silent` never answers. */
  let moods: (number | "silent")[] = []

  beforeAll(async () => {
    servers = await Servers.open()
    const cluster = await servers.start("primary")
    url = cluster.url
    session = await servers.installed(cluster)
    own = await beginWithKeys(session, join(servers.folder, "keys"))
    await session.query("select penstock.create_collection('docs', 3)")
    const { events } = await readKeyFile(own.keyFile)
    const publicKeys = [webhookPublicKey(events?.publicKey ?? new Uint8Array())]
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        try {
          const body = new Uint8Array(Buffer.concat(chunks))
          const { id, payload } = verifyWebhook({ headers: request.headers, body, publicKeys })
          const mood = moods.shift() ?? 204
          if (mood === "silent") return
          if (mood < 300) accepted.push({ id, payload: payload as Payload })
          response.writeHead(mood, mood === 302 ? { location: "http://127.0.0.1:1/" } : {}).end()
        } catch (error) {
          refused.push((error as Error).message)
          response.writeHead(400).end()
        }
      })
    })
    await new Promise<void>((done) => {
      receiver.listen(0, "127.0.0.1", done)
    })
    hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  })
  afterAll(async () => {
    await Promise.all(started.map((worker) => worker.kill()))
    receiver.closeAllConnections()
    await new Promise((done) => {
      receiver.close(done)
    })
    await servers.close()
  })

  const change = async (state: string) =>
    session.query("select integrity.override('docs', $1, 'test', '1 hour')", [state])
  const arrived = async (count: number) => {
    for (let tries = 0; accepted.length < count && tries < 1200; tries++) await pause(50)
    return accepted
  }
  const undelivered = () =>
    session.value<string>("select count(*) from integrity.notifications where delivered_at is null")

  test("a change of state is posted at once, signed, with its log", async () => {
    const worker = start()
    await worker.step("round")
    await change("critical")
    const [first] = await arrived(1)
    expect(first?.payload).toMatchObject({
      type: "integrity.state_change",
      log_id: own.genesis.split(":")[0],
      data: { collection: "docs", previous_state: "normal", new_state: "critical", direction: "degrading" },
    })
    await worker.step("webhook.delivered")
  })

  test("what the receiver does not accept comes again, until it does, with the same id", async () => {
    moods = [500, 302, 404]
    await change("stress")
    await arrived(2)
    expect(accepted[1]?.payload.data.new_state).toBe("stress")
    const worker = started.at(-1)
    expect(worker?.log.filter(({ step }) => step === "webhook.failed")).toHaveLength(3)
    await worker?.step("webhook.delivered", () => accepted.length >= 2)
    const attempts = await session.value("select attempts from integrity.notifications order by id desc limit 1")
    expect(attempts).toBe(4)
  })

  test("a worker that is killed while it posts loses nothing; what it repeats is recognised by its id", async () => {
    moods = ["silent"]
    await change("normal")
    for (let tries = 0; moods.length > 0 && tries < 600; tries++) await pause(20)
    // A receiver that does not answer holds up nothing else.
    const posting = started.at(-1)
    const heard = posting?.log.length ?? 0
    await posting?.step("round", () => true, heard)
    expect(posting?.log.slice(heard).filter(({ step }) => step.startsWith("webhook"))).toEqual([])
    await posting?.kill()
    for (const state of ["stress", "critical", "stress", "critical"]) await change(state)
    const worker = start()
    await worker.step("active")
    await pause(Math.random() * 200)
    await worker.kill()
    const last = start()
    const ids = () => new Set(accepted.map(({ id }) => id))
    for (let tries = 0; ids().size < 7 && tries < 1200; tries++) await pause(50)
    for (let tries = 0; (await undelivered()) !== "0" && tries < 200; tries++) await pause(50)
    expect(await undelivered()).toBe("0")
    expect(ids().size).toBe(7)
    // A flood would repeat what was accepted; a kill repeats one at most.
    expect(accepted.length).toBeLessThanOrEqual(8)
    expect(refused).toEqual([])
    expect(await last.kill("SIGTERM")).toBe(0)
  })

  test("a fork is told to the webhook, although nothing is written any more", async () => {
    const other = Object.assign(new URL(url), { pathname: "/other" })
    const admin = await servers.session(Object.assign(new URL(url), { pathname: "/postgres" }).href)
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'penstock'")
    await admin.query("create database other template penstock")
    await (await servers.session(other.href)).query(`update integrity._history_head set log_id = '${"00".repeat(16)}'`)
    const before = accepted.length
    const worker = new WorkerProcess([other.href, "--key", own.keyFile, "--webhook", hook])
    started.push(worker)
    expect(await worker.exited).toBe(3)
    expect(accepted.slice(before).map(({ payload }) => payload.type)).toEqual(["integrity.history_forked"])
  })
})
