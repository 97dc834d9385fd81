import { hostname } from "node:os"
import pino from "pino"
import { HistoryForked } from "../../client/worker/errors.ts"
import { Worker } from "../../client/worker/worker.ts"
import { readKeyFile, requireKeys } from "../../client/signing/key-file.ts"
import type { Command } from "../lib/command.ts"
import { UsageError } from "../lib/errors.ts"
import { VERSION } from "../lib/version.ts"
import { readUrl } from "../lib/words.ts"
import { setting } from "../lib/settings.ts"

const FORKED = 3
const DEFAULT_LISTEN = "127.0.0.1:9468"
const LEVELS = ["debug", "info", "warn", "error"]

function readAddress(text: string): { host: string; port: number } {
  const { host = "127.0.0.1", port = "" } = /^(?:(?<host>[^:]+|\[[^\]]+\]):)?(?<port>\d{1,5})$/.exec(text)?.groups ?? {}
  if (port === "" || Number(port) > 65535) throw new UsageError(`--listen: expected [HOST:]PORT, got ${text}`)
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) }
}

function readSeconds(name: string, text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!(seconds >= 1)) throw new UsageError(`--${name}: expected a number of seconds from 1, got ${text}`)
  return seconds
}

function readEpoch(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--accept-epoch: expected a whole number from 1, got ${text}`)
  return Number(text)
}

function readWebhook(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError(`--webhook: expected an http or https URL, got ${JSON.stringify(text.slice(0, 40))}`)
  }
  return text
}

export const worker: Command = {
  name: "worker",
  summary: "Sample, sign, keep checkpoints outside of the server, and post notifications.",
  usage: "[URL]",
  help: `
Runs until SIGTERM or Ctrl-C, and then stops cleanly. Needs a direct connection, no pooler, as a
member of penstock_worker. Start as many as you like: one is active, the others wait for its end.

With a key file (penstock key generate, then penstock key install) it signs checkpoints of the
history with a key that the database never sees, keeps them in a folder beside the key file, and
stops when the server shows another history than the one it signed. Without one it keeps what the
database signs, which proves nothing against whoever reads the database.

Standard output carries the log, one JSON object a line. /health and /metrics (Prometheus) answer
on the loopback address. Exit codes: 0 stopped as asked, 1 failed, 2 wrong usage, 3 history forked.`,
  options: {
    key: { type: "string", value: "FILE", help: "key file with mode 0600 (PENSTOCK_SIGNING_KEY_PATH)" },
    checkpoints: { type: "string", value: "DIR", help: "where checkpoints are kept (default KEYFILE.checkpoints)" },
    "checkpoint-seconds": {
      type: "string",
      value: "SECONDS",
      help: "between checkpoints without transition (default 300)",
    },
    webhook: { type: "string", value: "URL", help: "receives every notification, signed (PENSTOCK_WEBHOOK_URL)" },
    disk: { type: "string", value: "PATH", help: "path on the disk of the server's data, to report how full it is" },
    listen: {
      type: "string",
      value: "[HOST:]PORT",
      help: `address of /health and /metrics (default ${DEFAULT_LISTEN})`,
    },
    name: { type: "string", value: "NAME", help: "name in integrity.worker (default host and process id)" },
    "accept-epoch": { type: "string", value: "N", help: "go on after a restore that was declared as this epoch" },
    "log-level": { type: "string", value: "LEVEL", help: `one of ${LEVELS.join(", ")} (default info)` },
  },
  maxPositionals: 1,
  async run({ options, positionals, signal }) {
    const text = (name: string) => (typeof options[name] === "string" ? options[name] : undefined)
    const url = readUrl(positionals, process.env)
    const level = text("log-level") ?? setting("PENSTOCK_LOG_LEVEL") ?? "info"
    if (!LEVELS.includes(level)) throw new UsageError(`--log-level: expected one of ${LEVELS.join(", ")}, got ${level}`)
    const address = readAddress(text("listen") ?? setting("PENSTOCK_WORKER_LISTEN") ?? DEFAULT_LISTEN)
    const keyFile = text("key") ?? setting("PENSTOCK_SIGNING_KEY_PATH")
    const directory = text("checkpoints") ?? setting("PENSTOCK_CHECKPOINT_DIR") ?? (keyFile && `${keyFile}.checkpoints`)
    if (directory === undefined) throw new UsageError("expected --key FILE, or --checkpoints DIR to work without a key")
    // Written at once: a process that is killed leaves its last words.
    const log = pino({ level, base: { pid: process.pid } }, pino.destination({ fd: 1, sync: true }))
    const running = new Worker({
      url,
      name: text("name") ?? `${hostname()}:${process.pid}`,
      version: VERSION,
      keys: keyFile === undefined ? {} : requireKeys(await readKeyFile(keyFile), ["events", "checkpoints"], keyFile),
      checkpointDirectory: directory,
      checkpointSeconds: readSeconds("checkpoint-seconds", text("checkpoint-seconds") ?? "300"),
      acceptEpoch: readEpoch(text("accept-epoch")),
      webhook: readWebhook(text("webhook") ?? setting("PENSTOCK_WEBHOOK_URL")),
      disk: text("disk") ?? setting("PENSTOCK_WORKER_DISK"),
      log,
    })
    if (keyFile === undefined) log.warn({ step: "keyless" }, "no key file: the database signs with a key of its own")
    const port = await running.telemetry.listen(address.host, address.port)
    log.info({ step: "listening", host: address.host, port }, "health and metrics are served")
    try {
      await running.run(signal)
      return 0
    } catch (error) {
      if (!(error instanceof HistoryForked)) throw error
      log.error(
        { step: "forked", code: error.code, detail: JSON.parse(error.detail ?? "null"), hint: error.hint },
        error.message,
      )
      return FORKED
    } finally {
      await running.telemetry.close()
    }
  },
}
