/**
 * `penstock verify` over a long exported history: events per second and the most memory it ever held, beside what
 * reading the file and checking the signatures alone would cost. The number of events: VERIFY_EVENTS, by default 100,000.
 */
import { spawn } from "node:child_process"
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readLines } from "../client/history/lines.ts"
import { newSigningKey, verifierOf } from "../client/signing/ed25519.ts"
import { eventBytes, genesisPrev } from "../plv8-src/signing/event.ts"
import { bytesToHex } from "../plv8-src/signing/hash.ts"
import { appendLeaf, leafHash, rootOfPeaks } from "../plv8-src/signing/merkle.ts"
import { originOf, signCheckpointBy } from "../plv8-src/signing/note.ts"
import type { Benchmark } from "./lib/report.ts"

const count = Number(process.env["VERIFY_EVENTS"] ?? 100_000)
const signedEvery = 10
const root = join(import.meta.dirname, "..")
const logId = "7e".repeat(16)

/** A history as a year of a busy collection leaves it: nine of ten events are sealed by checkpoints only. */
const writeHistory = async (directory: string) => {
  const keys = { events: newSigningKey(), checkpoints: newSigningKey() }
  const announced = Object.entries(keys).map(([purpose, { id, publicKey }]) => ({
    id,
    public_key: bytesToHex(publicKey),
    purpose,
    holder: "external",
  }))
  const path = join(directory, "history.jsonl")
  const file = createWriteStream(path)
  const write = async (row: object) => {
    if (!file.write(`${JSON.stringify(row)}\n`)) await once(file, "drain")
  }
  await write({ kind: "log", log_id: logId })
  for (const key of announced) await write({ kind: "key", ...key, revoked_beyond: null, revoked_root: null })
  const peaks: Uint8Array[] = []
  let prev = genesisPrev
  for (let seq = 1; seq <= count; seq++) {
    const isSigned = seq % signedEvery === 0
    const header = {
      prev,
      type: seq === 1 ? "genesis" : "state_change",
      collection_id: null,
      key_id: isSigned ? keys.events.id : null,
    }
    const bytes = eventBytes({
      v: 1,
      log_id: logId,
      epoch: 1,
      seq,
      at: String(1_795_194_000_000_000 + seq),
      by: "postgres",
      collection: null,
      ...header,
      body:
        seq === 1
          ? { keys: announced }
          : { new_state: "stress", lambda_cut_millionths: 450_000, words: "the role index has no valid vector index" },
    })
    const signature = isSigned ? bytesToHex(keys.events.sign(bytes)) : null
    await write({ kind: "event", seq, ...header, signature, bytes: bytesToHex(bytes) })
    const leaf = leafHash(bytes)
    appendLeaf(peaks, seq - 1, leaf)
    prev = bytesToHex(leaf)
  }
  file.end()
  await once(file, "finish")
  const checkpoint = { origin: originOf(logId), size: count, root: rootOfPeaks(peaks), extensions: ["key=external"] }
  const note = join(directory, "checkpoint.txt")
  writeFileSync(note, signCheckpointBy(checkpoint, keys.checkpoints.publicKey, keys.checkpoints.sign))
  return { path, note, key: keys.events }
}

/** Runs the command; resolves with the most memory that it held, in MiB. */
const verify = (path: string, note: string): Promise<number> =>
  new Promise((done, failed) => {
    const child = spawn(process.execPath, [join(root, "build/out/penstock.js"), "verify", path, "-c", note], {
      stdio: "ignore",
    })
    let peak = 0
    const timer = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, "utf8")
        peak = Math.max(peak, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024)
      } catch {
        // Has ended, or this system has no /proc.
      }
    }, 20)
    child.once("close", (code) => {
      clearInterval(timer)
      if (code === 0) done(peak)
      else failed(new Error(`penstock verify ended with ${code}`))
    })
  })

const benchmark: Benchmark = {
  subject: "verify",
  about: `penstock verify of ${count} exported events, one in ${signedEvery} signed, against a held checkpoint`,
  async run(report) {
    const directory = mkdtempSync(join(tmpdir(), "penstock-verify-"))
    try {
      const { path, note, key } = await writeHistory(directory)
      const message = new Uint8Array(700).fill(7)
      const signature = key.sign(message)
      const isValid = verifierOf(key.publicKey)
      let peak = 0
      await report.measure(
        "per event",
        [
          {
            name: "penstock verify",
            operations: count,
            run: async () => void (peak = Math.max(peak, await verify(path, note))),
          },
          {
            name: "of which reading the lines, in this process",
            operations: count,
            run: async () => {
              let lines = 0
              for await (const line of readLines(createReadStream(path))) lines += line.length > 0 ? 1 : 0
              if (lines < count) throw new Error("lines are missing")
            },
          },
          {
            name: "of which the signatures, by node:crypto, in this process",
            operations: count,
            run: () => {
              for (let i = 0; i < count / signedEvery; i++)
                if (!isValid(message, signature)) throw new Error("not valid")
            },
          },
        ],
        { samples: count > 200_000 ? 1 : 3, warmup: 0 },
      )
      if (peak === 0) report.notRun("memory", "this system has no /proc")
      else
        report.goal({ name: "most memory held by penstock verify", value: Math.round(peak), limit: 256, unit: "MiB" })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

export default benchmark
