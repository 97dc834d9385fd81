/**
 * Verification of a history, chunk by chunk, in constant memory.
 *
 * `begin` makes the state, `verifyEvents` takes it through the events in the order of
 * seq, `finish` compares the roots on the way with the checkpoints. The state is plain
 * JSON, so that SQL can carry it from one chunk to the next.
 */
import { SqlError } from "../errors.ts"
import { verifierOf } from "./ed25519.ts"
import { type EventHeader, genesisPrev, parseEvent, parseHeader } from "./event.ts"
import { bytesToHex, hexToBytes, keyId } from "./hash.ts"
import { appendLeaf, rootOfPeaks } from "./merkle.ts"
import { type Checkpoint, openCheckpoint, originOf } from "./note.ts"

/** An event as stored: its bytes, and what stands beside them. */
export interface StoredEvent {
  readonly seq: number
  /** Hexadecimal. */
  readonly prev: string
  readonly type: string
  readonly collection_id: number | null
  readonly key_id: string | null
  readonly signature: Uint8Array | null
  readonly bytes: Uint8Array
  /** Leaf hash of the bytes: `leafHash`, or the same by SQL. */
  readonly leaf: Uint8Array
}

/** A public key as stored and as announced in the log. */
export interface StoredKey {
  readonly id: string
  /** Hexadecimal. */
  readonly public_key: string
  readonly purpose: "events" | "checkpoints"
  /** Who keeps the seed: "database", or outside. */
  readonly holder: string
}

export type Signatures = "all" | "checkpoints"

export type ProblemKind =
  | "missing"
  | "order"
  | "bytes"
  | "columns"
  | "log"
  | "link"
  | "key"
  | "signature"
  | "checkpoint"
  | "truncated"

export interface Problem {
  readonly seq: number | null
  readonly problem: ProblemKind
  readonly words: string
}

export interface Settings {
  readonly log_id: string
  readonly keys: readonly StoredKey[]
  /** Checkpoints that are stored beside the log. */
  readonly notes: readonly string[]
  /** The checkpoint that the verifier kept elsewhere, if any. */
  readonly held: string | null
  readonly signatures: Signatures
  /** Where to begin in the middle of a log; the first event otherwise. */
  readonly from?: { readonly seq: number; readonly prev: string }
}

export interface VerificationState {
  readonly settings: Settings
  /** seq that comes next. */
  next: number
  /** Leaf hash of the event before it. */
  prev: string
  /** Events seen, and the peaks of the tree over them. */
  size: number
  peaks: string[]
  /** Ids of the keys that the log itself has named; null when it is entered in the middle. */
  announced: string[] | null
  /** Sizes of which a checkpoint wants the root, ascending, and the roots found. */
  wanted: number[]
  roots: Record<string, string>
}

export const begin = (settings: Settings): VerificationState => {
  const texts = settings.held === null ? settings.notes : [...settings.notes, settings.held]
  const sizes = texts.map(claimedSize).filter((size) => size > 0)
  return {
    settings,
    next: settings.from?.seq ?? 1,
    prev: settings.from?.prev ?? genesisPrev,
    size: 0,
    peaks: [],
    announced: settings.from === undefined ? [] : null,
    wanted: [...new Set(sizes)].sort((a, b) => a - b),
    roots: {},
  }
}

/** Binds a public key; by default `verifierOf`, elsewhere any other implementation of the same verdict. */
export type MakeVerifier = (publicKey: Uint8Array) => (message: Uint8Array, signature: Uint8Array) => boolean

/** Checks the next events; returns the state after them and what is wrong with them. */
export const verifyEvents = (
  before: VerificationState,
  events: readonly StoredEvent[],
  makeVerifier: MakeVerifier = verifierOf,
): { state: VerificationState; problems: Problem[] } => {
  const state = { ...before, roots: { ...before.roots } }
  const peaks = state.peaks.map((peak) => hexToBytes(peak))
  const problems: Problem[] = []
  const verifiers = new Map(
    state.settings.keys
      .filter((key) => key.purpose === "events" && state.settings.signatures === "all")
      .map((key) => [key.id, makeVerifier(hexToBytes(key.public_key))]),
  )
  for (const stored of events) {
    const report = (problem: ProblemKind, words: string): void => {
      problems.push({ seq: stored.seq, problem, words })
    }
    if (stored.seq > state.next) {
      const last = stored.seq - 1
      report(
        "missing",
        state.next === last ? `event ${last} is missing` : `events ${state.next} to ${last} are missing`,
      )
    } else if (stored.seq < state.next) {
      report("order", `event ${stored.seq} stands where event ${state.next} belongs`)
    }
    checkEvent(state, stored, report)
    if (state.settings.signatures === "all") checkSignature(stored, verifiers, report)

    appendLeaf(peaks, state.size, stored.leaf)
    state.size++
    if (state.wanted.includes(state.size)) state.roots[state.size] = bytesToHex(rootOfPeaks(peaks))
    state.prev = bytesToHex(stored.leaf)
    state.next = stored.seq + 1
  }
  state.peaks = peaks.map((peak) => bytesToHex(peak))
  return { state, problems }
}

/** After the last event: what the keys and the checkpoints say about the whole. */
export const finish = (state: VerificationState): Problem[] => {
  const { settings } = state
  const problems: Problem[] = []
  for (const key of settings.keys) {
    if (keyId(hexToBytes(key.public_key)) !== key.id) {
      problems.push({ seq: null, problem: "key", words: `the id ${key.id} is not the hash of its public key` })
    } else if (state.announced !== null && !state.announced.includes(key.id)) {
      problems.push({ seq: null, problem: "key", words: `the key ${key.id} is not announced by any event` })
    }
  }
  for (const note of settings.notes) problems.push(...checkNote(state, note, "a stored checkpoint"))
  if (settings.held !== null) problems.push(...checkNote(state, settings.held, "the held checkpoint"))
  return problems
}

type Report = (problem: ProblemKind, words: string) => void

const checkEvent = (state: VerificationState, stored: StoredEvent, report: Report): void => {
  let event: EventHeader
  try {
    event = parseHeader(stored.bytes).header
  } catch (error) {
    report("bytes", error instanceof Error ? error.message : String(error))
    return
  }
  const compare = (name: string, column: unknown, signed: unknown): void => {
    if (column !== signed) report("columns", `the column ${name} says ${show(column)}, the bytes say ${show(signed)}`)
  }
  compare("seq", stored.seq, event.seq)
  compare("prev", stored.prev, event.prev)
  compare("type", stored.type, event.type)
  compare("collection_id", stored.collection_id, event.collection_id)
  compare("key_id", stored.key_id, event.key_id)
  if (event.log_id !== state.settings.log_id) report("log", `the event belongs to the log ${event.log_id}`)
  if (event.prev !== state.prev) {
    report(
      "link",
      `the event continues ${event.prev.slice(0, 16)}..., but before it stands ${state.prev.slice(0, 16)}...`,
    )
  }
  if ((event.key_id === null) !== (stored.signature === null)) {
    report("signature", event.key_id === null ? "there is a signature of no key" : "the signature was taken away")
  }
  if (state.announced === null) return
  for (const key of announcedKeys(event, stored.bytes)) {
    state.announced.push(key.id)
    const known = state.settings.keys.find((candidate) => candidate.id === key.id)
    if (known === undefined) {
      report("key", `the key ${key.id}, announced here, is missing`)
    } else if (known.public_key !== key.public_key || known.purpose !== key.purpose || known.holder !== key.holder) {
      report("key", `the key ${key.id} is stored as something else than what is announced here`)
    }
  }
  if (event.key_id !== null && !state.announced.includes(event.key_id)) {
    report("key", `the key ${event.key_id} was not announced by any earlier event`)
  }
}

/** Keys that an event brings into use: the first event names the first ones. */
const announcedKeys = ({ type, seq }: EventHeader, bytes: Uint8Array): StoredKey[] => {
  if (type !== "genesis" || seq !== 1) return []
  const { keys } = parseEvent(bytes).body
  return Array.isArray(keys) ? keys : []
}

type Verifiers = ReadonlyMap<string, ReturnType<MakeVerifier>>

const checkSignature = (stored: StoredEvent, verifiers: Verifiers, report: Report): void => {
  if (stored.signature === null || stored.key_id === null) return
  const verifier = verifiers.get(stored.key_id)
  if (verifier === undefined) report("key", `no key ${stored.key_id} for signing events is known`)
  else if (!verifier(stored.bytes, stored.signature)) report("signature", `the signature is not valid under its key`)
}

const checkNote = (state: VerificationState, note: string, which: string): Problem[] => {
  const { settings } = state
  const keys = settings.keys
    .filter((key) => key.purpose === "checkpoints" && state.announced?.includes(key.id))
    .map((key) => ({ id: key.id, publicKey: hexToBytes(key.public_key) }))
  let checkpoint: Checkpoint
  try {
    checkpoint = openCheckpoint(note, keys).checkpoint
  } catch (error) {
    return [
      {
        seq: null,
        problem: "checkpoint",
        words: `${which}: ${error instanceof Error ? error.message : String(error)}`,
      },
    ]
  }
  const { origin, size, root } = checkpoint
  if (origin !== originOf(settings.log_id)) {
    return [{ seq: null, problem: "checkpoint", words: `${which} belongs to ${origin}` }]
  }
  if (size > state.size) {
    const words = `${which} covers ${size} events, only ${state.size} are here`
    return [{ seq: null, problem: "truncated", words }]
  }
  if (size > 0 && state.roots[size] !== bytesToHex(root)) {
    const words = `the first ${size} events are not the ones that ${which} was made over`
    return [{ seq: null, problem: "checkpoint", words }]
  }
  return []
}

/** The size that a note claims, before its signature is checked; 0 when it has none. */
const claimedSize = (note: string): number => {
  const size = Number(note.split("\n")[1])
  return Number.isSafeInteger(size) && size > 0 ? size : 0
}

const show = (value: unknown): string => String(value).slice(0, 80)

/** Refuses what cannot have come out of `checkpoint()`, as an error of the caller. */
export const requireCheckpoint = (note: string): void => {
  try {
    openCheckpoint(note, [])
  } catch (error) {
    if (error instanceof SqlError && error.code === "22023") throw error
  }
}
