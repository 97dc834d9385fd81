/**
 * The worker: samples what is due, puts samples into the history, signs, keeps checkpoints outside of the server,
 * posts notifications. One is active at a time; others wait for their turn. A lost connection is made again, with
 * growing pauses; what another attempt would not change ends the worker.
 */
import { runBeside } from "./beside.ts"
import { diskUsedShare } from "./disk.ts"
import { HistoryForked, isLasting } from "./errors.ts"
import { deliver, post } from "./postman.ts"
import { Sealer } from "./sealer.ts"
import { Server } from "./server.ts"
import { type Sample, Telemetry } from "./telemetry.ts"
import type { WorkerOptions } from "./types.ts"

const standbyPauseMs = 1000
const shortestPauseMs = 100
const longestPauseMs = 5000
const beatMs = 10_000
const probePauseMs = 10_000
/** Between looks for notifications whose next attempt is due; new ones wake the postman. */
const postPauseMs = 1000
const longestReconnectMs = 30_000

export class Worker {
  readonly telemetry = new Telemetry()
  private readonly options: WorkerOptions
  private wake: () => void = () => {}
  private hasBegun = false
  private diskUsedShare: number | undefined
  /** Errors since the last complete round. */
  private failures = 0

  constructor(options: WorkerOptions) {
    this.options = options
  }

  /** Works until the signal fires. Rejects when the worker must not go on: HistoryForked, or a lasting error. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.wake(), { once: true })
    while (!signal.aborted) {
      try {
        await this.connected(signal)
      } catch (error) {
        this.telemetry.problem = (error as Error).message
        if (error instanceof HistoryForked) this.telemetry.status = "forked"
        if (isLasting(error) || signal.aborted) throw error
        this.failures++
        this.telemetry.errors++
        this.telemetry.status = "connecting"
        const pause = Math.min(250 * 2 ** Math.min(this.failures, 10), longestReconnectMs) * (0.5 + Math.random() / 2)
        const { message, code } = error as { message: string; code?: string }
        this.options.log.warn(
          { step: "reconnect", code, problem: message, pause_ms: Math.round(pause) },
          "connecting again after an error",
        )
        await this.pause(pause, signal)
      }
    }
    this.telemetry.status = "stopped"
  }

  /** One connection, until it is lost or the signal fires. */
  private async connected(signal: AbortSignal): Promise<void> {
    const { log } = this.options
    const server = await Server.connect(this.options.url)
    this.telemetry.connections++
    server.onNotice((words) => log.warn({ step: "notice" }, words))
    const over = new AbortController()
    try {
      // A connection that breaks while nothing runs on it interrupts as well.
      await Promise.race([this.work(server, signal, over.signal), server.lost])
    } finally {
      over.abort()
      await server.close()
    }
  }

  /** `over` fires when the connection is given up. */
  private async work(server: Server, signal: AbortSignal, over: AbortSignal): Promise<void> {
    const token = await this.awaitTurn(server, signal)
    if (token === undefined) return
    const { options } = this
    const { log } = options
    const sealer = new Sealer(server, token, options)
    await this.link(sealer, signal)
    this.telemetry.status = "active"
    this.telemetry.problem = undefined
    log.info({ step: "active", token: Number(token), name: options.name }, "this is the active worker")
    // Once a process: a server that comes and goes does not fill the history.
    if (!this.hasBegun) {
      await sealer.append("worker_started", { name: options.name, version: options.version, token: Number(token) })
    }
    this.hasBegun = true
    await sealer.seal()

    this.workBeside(token, sealer.logId, AbortSignal.any([signal, over]))
    let told = false
    server.onWake(() => {
      told = true
      this.wake()
    })
    let sealedAt = Date.now()
    let beatAt = 0
    while (!signal.aborted) {
      await server.tick()
      const waiting = await server.sequence()
      // Whoever changes a state notifies: that is the moment for a checkpoint.
      if (told || Date.now() - sealedAt >= options.checkpointSeconds * 1000) {
        told = false
        await sealer.seal()
        sealedAt = Date.now()
      }
      if (Date.now() - beatAt >= beatMs) {
        await this.beat(server, token)
        beatAt = Date.now()
      }
      await this.measure(server, waiting)
      this.failures = 0
      log.debug({ step: "round" }, "round complete")
      const due = await pauseUntilDue(server)
      if (!told) await this.pause(due, signal)
    }

    await sealer.append("worker_stopped", { name: options.name, token: Number(token) })
    await sealer.seal()
    await server.value("select integrity.worker_end($1)", [token])
    log.info({ step: "stopped" }, "stopped as asked")
  }

  /** What must not hold up the sampler: foreign servers that hang, receivers that do not answer. */
  private workBeside(token: string, logId: string, signal: AbortSignal): void {
    const { options } = this
    const { url, log } = options
    void runBeside({ url, log, name: "prober", pauseMs: probePauseMs }, signal, async (client) => {
      await client.query("call integrity.probe()")
    })
    if (options.webhook === undefined) return
    const delivery = { token, logId, options, counts: this.telemetry }
    const postman = { url, log, name: "postman", pauseMs: postPauseMs, channel: "penstock_worker" }
    void runBeside(postman, signal, (client) => deliver(client, delivery, signal))
  }

  /** Compares the server with what was signed. Of a fork the webhook is told directly: nothing is written any more. */
  private async link(sealer: Sealer, signal: AbortSignal): Promise<void> {
    try {
      await sealer.link()
    } catch (error) {
      if (error instanceof HistoryForked && this.options.webhook !== undefined) {
        const payload = { words: error.message, ...(JSON.parse(error.detail ?? "{}") as object) }
        const now = new Date()
        const notice = { id: `${now.getTime()}000`, created_at: now, event: "history_forked", payload, attempts: 0 }
        const problem = await post(this.options, sealer.logId, notice, signal)
        if (problem !== undefined) this.options.log.warn({ step: "webhook.failed", problem }, "webhook not accepted")
      }
      throw error
    }
  }

  /** Waits until no other session is the worker. */
  private async awaitTurn(server: Server, signal: AbortSignal): Promise<string | undefined> {
    for (;;) {
      const token = await server.begin(this.options.name, this.options.version)
      if (token !== undefined || signal.aborted) return token
      if (this.telemetry.status !== "standby") {
        this.options.log.info({ step: "standby" }, "another worker is active: waiting")
        this.telemetry.status = "standby"
      }
      await this.pause(standbyPauseMs, signal)
      if (signal.aborted) return undefined
    }
  }

  private async beat(server: Server, token: string): Promise<void> {
    const { disk, log } = this.options
    await server.value("select integrity.worker_beat($1)", [token])
    if (disk === undefined) return
    try {
      this.diskUsedShare = await diskUsedShare(disk)
    } catch (error) {
      this.diskUsedShare = undefined
      log.warn({ step: "disk", path: disk, problem: (error as Error).message }, "the disk could not be measured")
      return
    }
    await server.value("select integrity.report_disk($1, $2)", [this.diskUsedShare, disk])
  }

  private async measure(server: Server, waiting: number): Promise<void> {
    const samples = await server.rows<Sample & Record<string, unknown>>(
      "select name, labels, value from integrity.metrics()",
    )
    const own = [{ name: "penstock_history_samples_waiting", labels: {}, value: waiting }]
    if (this.diskUsedShare !== undefined) {
      own.push({ name: "penstock_disk_used_share", labels: {}, value: this.diskUsedShare })
    }
    this.telemetry.completed([...samples, ...own])
  }

  /** Waits; a notification or the signal ends it. */
  private async pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((done) => {
      const timer = setTimeout(done, milliseconds)
      this.wake = () => {
        clearTimeout(timer)
        done()
      }
    })
    this.wake = () => {}
  }
}

const pauseUntilDue = async (server: Server): Promise<number> => {
  const seconds = (await server.nextSampleIn()) ?? Number.POSITIVE_INFINITY
  return Math.min(Math.max(seconds * 1000, shortestPauseMs), longestPauseMs)
}
