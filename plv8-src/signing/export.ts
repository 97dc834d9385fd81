/**
 * Verification of an exported history, away from the server that wrote it.
 *
 * `integrity.export_history()` gives one JSON object a row; as JSON Lines they are a
 * file that this reads row by row, in constant memory. Bytes, keys and signatures are
 * hexadecimal.
 */
import { SqlError } from "../errors.ts"
import { bytesToHex, hexToBytes, sha256 } from "./hash.ts"
import { leafHash } from "./merkle.ts"
import {
  begin,
  finish,
  type MakeVerifier,
  type Problem,
  type Settings,
  type StoredEvent,
  type StoredKey,
  type StoredNote,
  summary,
  type VerificationState,
  verifyEvents,
} from "./verify.ts"

/** The rows of an export, in this order: the log, its keys, then events, each followed by what belongs to it. */
export type ExportedRow =
  | { readonly kind: "log"; readonly log_id: string }
  | ({ readonly kind: "key" } & StoredKey)
  | ExportedEvent
  /** An event that retention has removed. */
  | { readonly kind: "removed"; readonly seq: number; readonly leaf: string }
  /** The samples of the event before it. */
  | { readonly kind: "samples"; readonly seq: number; readonly bytes: string }
  /** A signed note over the events up to the one before it. */
  | { readonly kind: "checkpoint"; readonly size: number; readonly note: string }

export interface ExportedEvent {
  readonly kind: "event"
  readonly seq: number
  readonly prev: string
  readonly type: string
  readonly collection_id: number | null
  readonly key_id: string | null
  readonly signature: string | null
  readonly bytes: string
}

/** What the verifier brings along; everything else comes from the export. */
export interface Anchor {
  readonly held?: string | null
  readonly genesis?: Settings["genesis"]
  readonly signatures?: Settings["signatures"]
}

/** `problems` are those found since the last row; `covered` is 0 unless there was none at all. */
export type Verdict = { readonly problems: readonly Problem[] } & ReturnType<typeof summary>

/** Events that are checked at once. */
const chunk = 1000

/**
 * Takes the rows of an export one by one; `push` and `finish` return the problems found
 * since. Checks everything that the bytes can show: positions, links, columns, keys,
 * signatures, samples, every checkpoint, and what the verifier brought along. Throws
 * SqlError 22023 for what is no row of an export, or stands where it does not belong.
 */
export const exportVerifier = (anchor: Anchor, makeVerifier?: MakeVerifier) => {
  let logId: string | undefined
  const keys: StoredKey[] = []
  let state: VerificationState | undefined
  let events: (StoredEvent & { batch: string | null })[] = []
  let notes: StoredNote[] = []
  let isFaultless = true

  const started = (): VerificationState => {
    if (logId === undefined) throw unexpected("a row of kind log first")
    const { held = null, signatures = "all", genesis } = anchor
    state ??= begin({ log_id: logId, keys, held, signatures, ...(genesis === undefined ? {} : { genesis }) })
    return state
  }
  const flush = (): Problem[] => {
    const outcome = verifyEvents(started(), events, makeVerifier, notes)
    state = outcome.state
    events = []
    notes = []
    isFaultless = isFaultless && outcome.problems.length === 0
    return outcome.problems
  }
  const push = (row: ExportedRow): Problem[] => {
    switch (row.kind) {
      case "log":
        if (logId !== undefined && logId !== row.log_id) throw unexpected("one log")
        logId = row.log_id
        return []
      case "key":
        if (!keys.some(({ id }) => id === row.id)) {
          if (state !== undefined) throw unexpected("all keys before the first event")
          keys.push(row)
        }
        return []
      case "event": {
        const full = events.length >= chunk ? flush() : []
        const bytes = hexToBytes(row.bytes)
        const signature = row.signature === null ? null : hexToBytes(row.signature)
        events.push({ ...row, prev: hexToBytes(row.prev), bytes, signature, leaf: leafHash(bytes), batch: null })
        started()
        return full
      }
      case "removed": {
        const full = events.length >= chunk ? flush() : []
        const columns = { prev: new Uint8Array(0), type: "", collection_id: null, key_id: null, signature: null }
        events.push({ seq: row.seq, ...columns, bytes: null, leaf: hexToBytes(row.leaf), batch: null })
        started()
        return full
      }
      case "samples": {
        const event = events.at(-1)
        if (event?.seq !== row.seq) throw unexpected("samples after their event")
        event.batch = bytesToHex(sha256(hexToBytes(row.bytes)))
        return []
      }
      case "checkpoint":
        // Whatever the row claims: a note is judged where it stands.
        notes.push({ size: started().size + events.length, note: row.note })
        return []
      default:
        throw unexpected(`a row of a known kind, not ${String((row as { kind?: unknown }).kind)}`)
    }
  }
  return {
    push,
    /** After the last row. */
    finish: (): Verdict => {
      const last = flush()
      const end = started()
      const problems = [...last, ...finish(end)]
      const found = summary(end)
      return { problems, ...found, covered: isFaultless && problems.length === 0 ? found.covered : 0 }
    },
  }
}

/** `exportVerifier` over rows that are all there. */
export const verifyExport = (
  rows: Iterable<ExportedRow>,
  anchor: Anchor = {},
  makeVerifier?: MakeVerifier,
): Verdict => {
  const verifier = exportVerifier(anchor, makeVerifier)
  const problems: Problem[] = []
  for (const row of rows) problems.push(...verifier.push(row))
  const verdict = verifier.finish()
  return { ...verdict, problems: [...problems, ...verdict.problems] }
}

const unexpected = (expected: string): SqlError =>
  new SqlError("22023", `expected an exported history with ${expected}`)
