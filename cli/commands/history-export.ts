import { once } from "node:events"
import { existsSync } from "node:fs"
import { open } from "node:fs/promises"
import { exportHistory } from "../../client/history/export.ts"
import { type Resumption, resumeExport } from "../../client/history/resume.ts"
import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { CommandError, UsageError } from "../lib/errors.ts"
import { startProgress } from "../lib/progress.ts"
import { readUrl } from "../lib/words.ts"

const INTERRUPTED = 130

async function openOutput(path: string | undefined, append: boolean) {
  if (path === undefined) {
    return {
      write: async (text: string) => {
        if (!process.stdout.write(text)) await once(process.stdout, "drain")
      },
      close: () => Promise.resolve(),
    }
  }
  const file = await open(path, append ? "a" : "wx")
  return {
    write: async (text: string) => {
      await file.appendFile(text)
    },
    close: async () => {
      await file.sync()
      await file.close()
    },
  }
}

function readFrom(value: string | boolean | undefined): number {
  if (value === undefined) return 1
  if (typeof value !== "string" || !/^[1-9]\d{0,14}$/.test(value)) {
    throw new UsageError(`--from: expected the number of an event, got ${String(value)}`)
  }
  return Number(value)
}

export const historyExport: Command = {
  name: "history export",
  summary: "Write the signed history as JSON Lines, to verify it elsewhere.",
  usage: "[URL]",
  help: `
One JSON object a line: the log, its keys, then each event followed by what belongs to it. Reads
page by page, so the length of the history does not matter. penstock verify reads the file.

  penstock history export --output history.jsonl
  penstock history export --output history.jsonl --resume     # add what is new, or was not written
  penstock history export --from 100001 > later.jsonl         # verify history.jsonl later.jsonl`,
  options: {
    output: { type: "string", short: "o", value: "FILE", help: "file to write; standard output by default" },
    resume: { type: "boolean", help: "go on where the file ends" },
    from: { type: "string", value: "SEQ", help: "first event to write (default 1)" },
  },
  maxPositionals: 1,
  async run({ options, positionals, json, print, note, signal }) {
    const url = readUrl(positionals, process.env)
    const path = typeof options["output"] === "string" ? options["output"] : undefined
    const isResumed = options["resume"] === true
    if (isResumed && (path === undefined || options["from"] !== undefined)) {
      throw new UsageError("--resume goes with --output, and without --from")
    }
    if (json && path === undefined) throw new UsageError("--json prints a summary: give --output for the history")
    if (!isResumed && path !== undefined && existsSync(path)) {
      throw new CommandError(`${path} exists already`, { code: "42710", hint: "add --resume to go on where it ends" })
    }
    const start: Resumption | undefined =
      isResumed && path !== undefined && existsSync(path) ? await resumeExport(path) : undefined
    const output = await openOutput(path, isResumed)
    let progress: ReturnType<typeof startProgress> | undefined
    try {
      return await withClient(url, async (client) => {
        if (start?.logId !== undefined) {
          const { rows } = await client.query<{ log_id: string }>("select log_id from integrity.tree_head()")
          if (rows[0]?.log_id !== start.logId) {
            throw new CommandError(
              `${path} holds the log ${start.logId}, the database has ${rows[0]?.log_id ?? "none"}`,
              {
                code: "22023",
              },
            )
          }
        }
        const from = start?.next ?? readFrom(options["from"])
        const { logId, last, complete } = await exportHistory(client, {
          from,
          write: output.write,
          signal,
          onProgress: (seq, size) => {
            progress ??= startProgress("events", size)
            progress.update(seq)
          },
        })
        if (path !== undefined) {
          const summary = { log_id: logId, from, to: last, complete }
          print(json ? JSON.stringify(summary) : `events ${from} to ${last} of the log ${logId}`)
        }
        if (!complete) note("interrupted: --resume goes on from here")
        return complete ? 0 : INTERRUPTED
      })
    } finally {
      progress?.finish()
      await output.close()
    }
  },
}
