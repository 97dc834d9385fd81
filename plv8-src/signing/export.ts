/**
 * Verification of an exported history, away from the server that wrote it.
 *
 * `integrity.export_history()` gives one JSON object a row; as JSON Lines they are a
 * file that this reads. Bytes, keys and signatures are hexadecimal.
 */
import { SqlError } from "../errors.ts"
import { hexToBytes } from "./hash.ts"
import { leafHash } from "./merkle.ts"
import { openCheckpoint } from "./note.ts"
import { begin, finish, type Problem, type StoredKey, verifyEvents } from "./verify.ts"

export interface ExportedEvent {
  readonly seq: number
  readonly prev: string
  readonly type: string
  readonly collection_id: number | null
  readonly key_id: string | null
  readonly signature: string | null
  readonly bytes: string
}

export interface ExportedHistory {
  readonly log_id: string
  readonly keys: readonly StoredKey[]
  readonly events: readonly ExportedEvent[]
  /** Signed notes that lay beside the log. */
  readonly checkpoints: readonly string[]
}

export interface Verdict {
  readonly problems: readonly Problem[]
  readonly events: number
  /** Up to which event a checkpoint held elsewhere vouches for the history; 0 without one. */
  readonly covered: number
}

/** Reads the rows of `integrity.export_history()`. Throws SqlError 22023 for a row of an unknown kind. */
export const readExport = (rows: readonly unknown[]): ExportedHistory => {
  let logId: string | undefined
  const keys: StoredKey[] = []
  const events: ExportedEvent[] = []
  const checkpoints: string[] = []
  for (const row of rows) {
    const entry = row as { readonly kind?: unknown }
    if (entry.kind === "log") logId = (row as { readonly log_id: string }).log_id
    else if (entry.kind === "key") keys.push(row as StoredKey)
    else if (entry.kind === "event") events.push(row as ExportedEvent)
    else if (entry.kind === "checkpoint") checkpoints.push((row as { readonly note: string }).note)
    else throw new SqlError("22023", `expected a row of an exported history, got kind ${String(entry.kind)}`)
  }
  if (logId === undefined) throw new SqlError("22023", "expected an exported history, got no row of kind log")
  return { log_id: logId, keys, events, checkpoints }
}

/**
 * Verifies everything that the bytes can show: positions, links, columns, every
 * signature, every checkpoint, and the one that the verifier holds.
 */
export const verifyExport = (history: ExportedHistory, held: string | null): Verdict => {
  const { log_id, keys, checkpoints: notes } = history
  const start = begin({ log_id, keys, notes, held, signatures: "all" })
  const stored = history.events.map((event) => {
    const bytes = hexToBytes(event.bytes)
    const signature = event.signature === null ? null : hexToBytes(event.signature)
    return { ...event, bytes, signature, leaf: leafHash(bytes) }
  })
  const { state, problems } = verifyEvents(start, stored)
  problems.push(...finish(state))
  const isAnchored = held !== null && problems.length === 0
  return { problems, events: stored.length, covered: isAnchored ? sizeOf(held, keys) : 0 }
}

const sizeOf = (note: string, keys: readonly StoredKey[]): number =>
  openCheckpoint(
    note,
    keys.map((key) => ({ id: key.id, publicKey: hexToBytes(key.public_key) })),
  ).checkpoint.size
