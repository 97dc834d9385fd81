/**
 * What the worker shows on the loopback address: /health for supervisors and load balancers, /metrics as text for
 * Prometheus (exposition format 0.0.4). Both answer from memory: a scrape never waits for the database.
 */
import { createServer, type Server as HttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { SqlError } from "../../plv8-src/errors.ts"
import type { WorkerStatus } from "./types.ts"

/** A figure out of integrity.metrics(). */
export interface Sample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

interface Family {
  type: "gauge" | "counter"
  help: string
}

/** Every metric: the name is the interface, see docs/worker.md. */
const families: Readonly<Record<string, Family>> = {
  penstock_worker_active: { type: "gauge", help: "1 while this process is the active worker." },
  penstock_worker_round_age_seconds: { type: "gauge", help: "Seconds since the last complete round of work." },
  penstock_worker_connections_total: { type: "counter", help: "Connections that were made to the server." },
  penstock_worker_errors_total: { type: "counter", help: "Errors after which the worker connected again." },
  penstock_webhook_delivered_total: { type: "counter", help: "Notifications that the webhook accepted." },
  penstock_webhook_failed_total: { type: "counter", help: "Attempts that the webhook did not accept." },
  penstock_state: { type: "gauge", help: "State of a collection: 0 normal, 1 stress, 2 critical." },
  penstock_lambda_cut: { type: "gauge", help: "Minimum cut of the contracted graph, 1 when healthy." },
  penstock_sample_age_seconds: { type: "gauge", help: "Seconds since the last sample of a collection." },
  penstock_stale: { type: "gauge", help: "1 when a collection had no sample for three intervals." },
  penstock_blind_signals: { type: "gauge", help: "Signals of a collection that could not be measured." },
  penstock_refusals_total: {
    type: "counter",
    help: "Refusals by the gate, in observe mode those that would have been.",
  },
  penstock_history_events: { type: "gauge", help: "Events in the signed history." },
  penstock_history_pending_signatures: { type: "gauge", help: "Events that no checkpoint of an external key covers." },
  penstock_history_checkpoint_age_seconds: { type: "gauge", help: "Seconds since the last checkpoint." },
  penstock_history_samples_waiting: { type: "gauge", help: "Samples that wait for their place in the history." },
  penstock_notifications_pending: { type: "gauge", help: "Notifications that the webhook has not accepted." },
  penstock_disk_used_share: { type: "gauge", help: "Used share of the disk that holds the data." },
}

const escape = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')

const line = ({ name, labels, value }: Sample): string => {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`)
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`
}

export const metricNames = Object.keys(families)

/** Samples as Prometheus reads them; unknown names are left out. */
export const formatMetrics = (samples: readonly Sample[]): string =>
  Object.entries(families)
    .flatMap(([name, { type, help }]) => {
      const own = samples.filter((sample) => sample.name === name)
      return own.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...own.map(line)]
    })
    .join("\n")
    .concat("\n")

export class Telemetry {
  status: WorkerStatus = "connecting"
  /** The last error, in words. */
  problem: string | undefined
  connections = 0
  errors = 0
  delivered = 0
  failed = 0
  /** Seconds that a round may take or be away before the worker counts as stuck. */
  patienceSeconds = 180
  private database: readonly Sample[] = []
  private lastRound: number | undefined
  private readonly began = Date.now()
  private http: HttpServer | undefined

  /** A round of work is complete; what the database said about itself. */
  completed(database: readonly Sample[]): void {
    this.lastRound = Date.now()
    this.database = database
  }

  private get age(): number {
    return (Date.now() - (this.lastRound ?? this.began)) / 1000
  }

  /** Healthy: active with a recent round, or waiting for its turn. */
  health(): { ok: boolean; body: object } {
    const ok = this.status === "standby" || (this.status === "active" && this.age < this.patienceSeconds)
    return {
      ok,
      body: {
        status: this.status,
        ok,
        last_round_secs: this.lastRound === undefined ? null : Math.round(this.age),
        problem: this.problem ?? null,
      },
    }
  }

  metrics(): string {
    const own = (name: string, value: number): Sample => ({ name, labels: {}, value })
    return formatMetrics([
      own("penstock_worker_active", this.status === "active" ? 1 : 0),
      own("penstock_worker_round_age_seconds", this.age),
      own("penstock_worker_connections_total", this.connections),
      own("penstock_worker_errors_total", this.errors),
      own("penstock_webhook_delivered_total", this.delivered),
      own("penstock_webhook_failed_total", this.failed),
      // What the database said is out of date once another worker is active.
      ...(this.status === "active" ? this.database : []),
    ])
  }

  /** Listens on an address; resolves with the port. */
  async listen(host: string, port: number): Promise<number> {
    const http = createServer((request, response) => {
      const path = (request.url ?? "").split("?")[0]
      if (request.method !== "GET" && request.method !== "HEAD") response.writeHead(405, { allow: "GET, HEAD" }).end()
      else if (path === "/health") {
        const { ok, body } = this.health()
        response.writeHead(ok ? 200 : 503, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`)
      } else if (path === "/metrics") {
        response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(this.metrics())
      } else response.writeHead(404).end()
    })
    this.http = http
    await new Promise<void>((done, failed) => {
      http.once("error", (error: NodeJS.ErrnoException) =>
        failed(
          new SqlError("55006", `cannot listen on ${host}:${port}: ${error.code}`, {
            hint: "Choose another port with --listen.",
          }),
        ),
      )
      http.listen(port, host, done)
    })
    return (http.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    const { http } = this
    if (http === undefined) return
    await new Promise<void>((done) => {
      http.close(() => done())
      http.closeAllConnections()
    })
  }
}
