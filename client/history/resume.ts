/** Where an export that was interrupted goes on. */
import { createReadStream } from "node:fs"
import { truncate } from "node:fs/promises"
import { SqlError } from "../../plv8-src/errors.ts"
import { readLines } from "./lines.ts"
import { parseRow } from "./rows.ts"

export interface Resumption {
  logId: string
  /** seq from which on the file lacks something. */
  next: number
}

/**
 * Cuts a file back to before its last event, whose own rows may be incomplete, and says from which event to go on.
 * Errors: 22023 for a file that is no export.
 */
export const resumeExport = async (path: string): Promise<Resumption> => {
  let offset = 0
  let number = 0
  let logId: string | undefined
  let lastEvent: { offset: number; line: Buffer; number: number } | undefined
  for await (const line of readLines(createReadStream(path))) {
    number++
    if (number === 1) {
      const row = parseRow(line, number)
      if (row.kind === "log") logId = row.log_id
    }
    const isEvent = line.includes('"kind": "event"') || line.includes('"kind": "removed"')
    if (isEvent) lastEvent = { offset, line: Buffer.from(line), number }
    offset += line.length + 1
  }
  if (logId === undefined)
    throw new SqlError("22023", `expected an exported history, but ${path} does not begin as one`)
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
