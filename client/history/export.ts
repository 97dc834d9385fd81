/** The history as lines of JSON, page by page, so that neither side ever holds all of it. */
import type { ClientBase } from "pg"

export interface ExportOptions {
  /** seq of the first event; default 1. */
  from?: number
  /** Events of one page. */
  page?: number
  write: (lines: string) => Promise<void>
  /** Called after each page: last event written, events in the history when the export began. */
  onProgress?: (seq: number, size: number) => void
  /** Ends the export after a page. */
  signal?: AbortSignal
}

interface Row {
  kind: string
  seq: string | null
  size: string | null
  log_id: string | null
  line: string
}

const page = `
  select r ->> 'kind' as kind, r ->> 'seq' as seq, r ->> 'size' as size, r ->> 'log_id' as log_id, r::text as line
  from integrity.export_history($1, $2) as r`

const isHeader = ({ kind }: Row): boolean => kind === "log" || kind === "key"

/** Writes everything from an event on. Returns the last event written, and whether it was all. */
export const exportHistory = async (
  client: ClientBase,
  { from = 1, page: pageSize = 2000, write, onProgress, signal }: ExportOptions,
): Promise<{ logId: string; last: number; complete: boolean }> => {
  let next = from
  let size = 0
  let logId = ""
  for (;;) {
    const { rows } = await client.query<Row>(page, [next, pageSize])
    const isFirst = next === from
    const written = rows.filter((row) => isFirst || !isHeader(row))
    if (isFirst) {
      const log = rows.find(({ kind }) => kind === "log")
      size = Number(log?.size ?? 0)
      logId = log?.log_id ?? ""
    }
    if (written.length > 0) await write(`${written.map(({ line }) => line).join("\n")}\n`)
    const events = rows.filter(({ kind }) => kind === "event" || kind === "removed")
    if (events.length === 0) return { logId, last: next - 1, complete: true }
    next = Number(events.at(-1)?.seq) + 1
    onProgress?.(next - 1, Math.max(size, next - 1))
    if (events.length < pageSize) return { logId, last: next - 1, complete: true }
    if (signal?.aborted === true) return { logId, last: next - 1, complete: false }
  }
}
