/** Where an export that was interrupted goes on. */
import { createReadStream } from "node:fs"
import { truncate } from "node:fs/promises"
import { SqlError } from "../../plv8-src/errors.ts"
import { readLines } from "./lines.ts"

export interface Resumption {
  /** undefined when nothing of the log had been written. */
  logId: string | undefined
  /** seq from which on the file lacks something. */
  next: number
}

/** How an export begins. */
const opening = '{"kind": "log", '
const maximumFirstLine = 1000

/**
 * Cuts a file back to before its last event, whose own rows may be incomplete, and says from which event to go on.
 * Errors: 22023 for a file that is no export.
 */
export const resumeExport = async (path: string): Promise<Resumption> => {
  let offset = 0
  let first = ""
  let lastEvent: { offset: number; line: Buffer } | undefined
  for await (const line of readLines(createReadStream(path))) {
    if (offset === 0) first = line.toString("utf8", 0, maximumFirstLine)
    const isEvent = line.includes('"kind": "event"') || line.includes('"kind": "removed"')
    if (isEvent) lastEvent = { offset, line: Buffer.from(line) }
    offset += line.length + 1
  }
  const isWhole = /^\{"kind": "log", .*\}$/.test(first)
  if (!isWhole && !opening.startsWith(first.slice(0, opening.length))) {
    throw new SqlError("22023", `expected an exported history, but ${path} does not begin as one`)
  }
  const logId = isWhole ? (JSON.parse(first) as { log_id: string }).log_id : undefined
  if (lastEvent === undefined) {
    await truncate(path, 0)
    return { logId, next: 1 }
  }
  await truncate(path, lastEvent.offset)
  return { logId, next: seqOf(lastEvent.line) }
}

/** The line may be cut off anywhere, but `seq` stands first in the text of a jsonb object. */
const seqOf = (line: Buffer): number => {
  const seq = /^\{"seq": (\d+),/.exec(line.toString("latin1"))?.[1]
  if (seq === undefined) throw new SqlError("22023", "expected an export as penstock history export writes it")
  return Number(seq)
}
