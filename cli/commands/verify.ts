import { existsSync, statSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { type FileVerdict, verifyFiles } from "../../client/history/verify-file.ts"
import { CheckpointStore } from "../../client/worker/checkpoint-store.ts"
import type { Command } from "../lib/command.ts"
import { CommandError, UsageError } from "../lib/errors.ts"

const UNANCHORED = 2
const SHOWN = 20

/** Text of a checkpoint: a file, or the newest in a folder as the worker keeps them. */
async function readHeld(path: string): Promise<string> {
  if (!existsSync(path)) throw new CommandError(`no checkpoint at ${path}`, { code: "58P01" })
  if (!statSync(path).isDirectory()) return readFile(path, "utf8")
  const store = new CheckpointStore(path)
  const [log, ...others] = await store.logs()
  if (log === undefined || others.length > 0) {
    throw new CommandError(`expected the checkpoints of one log in ${path}, found ${others.length + (log ? 1 : 0)}`, {
      hint: "give the file of one checkpoint",
    })
  }
  const held = await store.last(log)
  if (held === undefined) throw new CommandError(`no checkpoint in ${path}`, { code: "58P01" })
  return held.note
}

function readGenesis(text: string): { log_id: string; key_id: string } {
  const { log_id = "", key_id = "" } = /^(?<log_id>[0-9a-f]{32}):(?<key_id>[0-9a-f]{64})$/.exec(text)?.groups ?? {}
  if (log_id === "") throw new UsageError("--genesis: expected LOG_ID:KEY_ID, 32 and 64 hexadecimal digits")
  return { log_id, key_id }
}

const range = (from: number, to: number) => (from === to ? `event ${from} is` : `events ${from} to ${to} are`)

function* describe(verdict: FileVerdict, anchors: { held: boolean; genesis: boolean }): Generator<string> {
  const { log_id, events, signed, sealed, unsealed, removed, checkpoints, covered, epochs } = verdict
  yield `log ${log_id}: ${events} events, ${checkpoints} stored checkpoints`
  yield `signed ${signed}, sealed by a checkpoint ${sealed}, unsealed ${unsealed}${removed > 0 ? `, removed by retention ${removed}` : ""}`
  if (verdict.void > 0) yield `${verdict.void} signatures do not count: their key was revoked`
  for (const { epoch, kind, restored_to, lost_from, lost_to } of epochs) {
    const lost = lost_to < lost_from ? "nothing is lost" : `${range(lost_from, lost_to)} lost`
    yield `restored to ${restored_to} (${kind}, epoch ${epoch}): ${lost}`
  }
  if (anchors.genesis) yield "the beginning is the one that you named"
  if (anchors.held) {
    yield covered > 0
      ? `the held checkpoint vouches for events 1 to ${covered}`
      : "the held checkpoint vouches for nothing here"
    if (covered > 0 && covered < events)
      yield `${range(covered + 1, events)} not covered: whoever can write the log can change or cut them`
  }
  if (!anchors.held && !anchors.genesis) {
    yield "unanchored: anybody can make such a history anew. Give a checkpoint that you kept (--checkpoint), or --genesis"
  }
  for (const { seq, problem, words } of verdict.problems.slice(0, SHOWN)) {
    yield `PROBLEM ${problem}${seq === null ? "" : ` at event ${seq}`}: ${words}`
  }
  if (verdict.problem_count > SHOWN) yield `... and ${verdict.problem_count - SHOWN} more problems`
  yield verdict.problem_count === 0 ? "no problem found" : `${verdict.problem_count} problems`
}

export const verify: Command = {
  name: "verify",
  summary: "Verify an exported history without the server that wrote it.",
  usage: "FILE [FILE ...]",
  help: `
Reads what penstock history export wrote, several files as one history in their order, and checks
bytes, positions, links, keys, every signature, samples and checkpoints.

A history needs an anchor from outside of the server, for anybody can make a new one that has no
fault: a checkpoint that was kept elsewhere (a file, or the folder of a worker), or the beginning,
LOG_ID:KEY_ID, as penstock key install printed them.

Exit codes: 0 verified against an anchor, 1 a problem was found or the file cannot be read, 2 no
problem, but unanchored (or wrong usage).`,
  options: {
    checkpoint: { type: "string", short: "c", value: "PATH", help: "checkpoint that was kept outside of the server" },
    genesis: { type: "string", value: "LOG_ID:KEY_ID", help: "id of the log and of one of its first keys" },
  },
  maxPositionals: 1000,
  async run({ options, positionals, json, print, note }) {
    if (positionals.length === 0) throw new UsageError("expected the file of an exported history")
    const missing = positionals.find((file) => !existsSync(file))
    if (missing !== undefined) throw new CommandError(`no file ${missing}`, { code: "58P01" })
    const held = typeof options["checkpoint"] === "string" ? await readHeld(options["checkpoint"]) : null
    const genesis = typeof options["genesis"] === "string" ? readGenesis(options["genesis"]) : undefined
    let last = Date.now()
    const verdict = await verifyFiles(positionals, {
      held,
      ...(genesis === undefined ? {} : { genesis }),
      onProgress: (lines) => {
        if (Date.now() - last < 5000) return
        last = Date.now()
        note(`${lines} lines read`)
      },
    })
    const isAnchored = held !== null || genesis !== undefined
    const isVerified = isAnchored && verdict.problem_count === 0
    const { covered, events } = verdict
    if (json) {
      const notCovered = held !== null && covered < events ? { from: covered + 1, to: events } : null
      print(JSON.stringify({ verified: isVerified, anchored: isAnchored, ...verdict, not_covered: notCovered }))
    } else {
      for (const line of describe(verdict, { held: held !== null, genesis: genesis !== undefined })) print(line)
    }
    if (verdict.problem_count > 0) return 1
    return isAnchored ? 0 : UNANCHORED
  },
}
