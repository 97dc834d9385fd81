/**
 * Verification of a history, chunk by chunk, in constant memory.
 *
 * `begin` makes the state, `verifyEvents` takes it through the events in the order of
 * seq and judges each checkpoint when the tree has its size, `finish` says what is left
 * over. The state is plain JSON, so that SQL can carry it from one chunk to the next; it
 * grows with the keys, epochs and the height of the tree, not with the events.
 */
import { verifierOf } from "./ed25519.ts"
import { type Event, type EventHeader, genesisPrev, parseEvent, parseHeader } from "./event.ts"
import { fitsHeader, isPlain } from "./event-fit.ts"
import { bytesToHex, hexToBytes, sameBytes } from "./hash.ts"
import {
  checkpointKeyProblem,
  counts,
  eventKeyProblem,
  followKeys,
  isKeyEvent,
  type LogKeys,
  noKeys,
  type StoredKey,
  strayKeys,
} from "./log-keys.ts"
import { openCheckpointOf, readCheckpoint } from "./note.ts"
import { tileLeaves, treeWalk } from "./tree-walk.ts"

export type { StoredKey }

/** An event as stored: its bytes, and what stands beside them. */
export interface StoredEvent {
  readonly seq: number
  readonly prev: Uint8Array
  readonly type: string
  readonly collection_id: number | null
  readonly key_id: string | null
  readonly signature: Uint8Array | null
  /** null for an event that retention has removed; its leaf hash alone is left. */
  readonly bytes: Uint8Array | null
  /** Leaf hash of the bytes: `leafHash`, or the same by SQL. */
  readonly leaf: Uint8Array
  /** SHA-256 (hexadecimal) of the samples that belong to the event, null for none; left out: not looked at. */
  readonly batch?: string | null
}

/** A checkpoint that lies beside the log. */
export interface StoredNote {
  readonly size: number
  readonly note: string
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
  | "samples"
  | "anchor"
  | "truncated"
  | "restored"

export interface Problem {
  readonly seq: number | null
  readonly problem: ProblemKind
  readonly words: string
}

export interface Settings {
  readonly log_id: string
  readonly keys: readonly StoredKey[]
  /** The checkpoint that the verifier kept elsewhere, if any. */
  readonly held: string | null
  readonly signatures: Signatures
  /** What the verifier knows of the beginning: the id of the log and one of its first keys. */
  readonly genesis?: { readonly log_id: string; readonly key_id: string }
  /** Where to begin in the middle of a log; the first event otherwise. */
  readonly from?: { readonly seq: number; readonly prev: string }
}

/** A restore or a promotion, as an operator declared it. */
export interface Epoch {
  readonly epoch: number
  readonly seq: number
  readonly kind: string
  readonly restored_to: number
  readonly lost_from: number
  readonly lost_to: number
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
  epoch: number
  epochs: Epoch[]
  /** null when the log is entered in the middle: then its story is not known. */
  keys: LogKeys | null
  signed: number
  unsigned: number
  /** Events whose signature does not count, for their key was revoked. */
  void: number
  /** Events without a signature that counts, under the last good checkpoint. */
  sealed: number
  /** Stored checkpoints found good, and the size of the last. */
  checkpoints: number
  sealedTo: number
  /** The last removed event seen, and up to where events of the log say that events were removed. */
  removed: number
  prunable: number
  /** The same for samples. */
  missingSamples: number
  expirable: number
  /** The size that the held checkpoint claims, and what was found when the tree had it. */
  heldSize: number
  held: "open" | "good" | "other" | "refused"
}

export const begin = (settings: Settings): VerificationState => ({
  settings,
  next: settings.from?.seq ?? 1,
  prev: settings.from?.prev ?? genesisPrev,
  size: 0,
  peaks: [],
  epoch: 1,
  epochs: [],
  keys: settings.from === undefined ? noKeys() : null,
  signed: 0,
  unsigned: 0,
  void: 0,
  sealed: 0,
  checkpoints: 0,
  sealedTo: 0,
  removed: 0,
  prunable: 0,
  missingSamples: 0,
  expirable: 0,
  heldSize: settings.held === null ? 0 : readCheckpoint(settings.held).size,
  held: "open",
})

/** Roots of the whole tiles over the next events, where these begin at a multiple of 256; see tree-walk.ts. */
export type TileRoots = readonly Uint8Array[]

/** Binds a public key; by default `verifierOf`, elsewhere any other implementation of the same verdict. */
export type MakeVerifier = (publicKey: Uint8Array) => (message: Uint8Array, signature: Uint8Array) => boolean

type Verifiers = ReadonlyMap<string, ReturnType<MakeVerifier>>
type Report = (problem: ProblemKind, words: string) => void

/**
 * Checks the next events, and the checkpoints over sizes that are reached on the way,
 * given in ascending order; returns the state after them and what is wrong with them.
 * `makeVerifier` stands in for the implementation of Ed25519: outside of the database,
 * node:crypto behind `isWellFormed` gives the same verdicts in a tenth of the time.
 */
export const verifyEvents = (
  before: VerificationState,
  events: readonly StoredEvent[],
  makeVerifier: MakeVerifier = verifierOf,
  notes: readonly StoredNote[] = [],
  tileRoots: TileRoots = [],
): { state: VerificationState; problems: Problem[] } => {
  const state = { ...before }
  const tree = treeWalk(
    state.peaks.map((peak) => hexToBytes(peak)),
    state.size,
  )
  let prev: Uint8Array = hexToBytes(state.prev)
  const problems: Problem[] = []
  const report =
    (seq: number | null): Report =>
    (problem, words) => {
      problems.push({ seq, problem, words })
    }
  const verifiers = new Map(
    state.settings.keys
      .filter((key) => key.purpose === "events" && state.settings.signatures === "all")
      .map((key) => [key.id, makeVerifier(hexToBytes(key.public_key))]),
  )
  const wantedRoots = new Map(
    state.settings.keys.flatMap((key) => (key.revoked_root ? [[key.revoked_beyond ?? 0, key] as const] : [])),
  )
  let nextNote = 0
  const passCheckpoints = (): void => {
    const isHeld = state.heldSize === state.size && state.held === "open" && state.settings.held !== null
    const isWanted = wantedRoots.has(state.size)
    const isStored = notes[nextNote]?.size === state.size
    if (!isHeld && !isStored && !isWanted) return
    const root = bytesToHex(tree.root())
    const revoked = wantedRoots.get(state.size)
    if (revoked !== undefined && revoked.revoked_root !== root) {
      report(null)(
        "checkpoint",
        `the first ${state.size} events are not the ones that the revocation of ${revoked.id} vouches for`,
      )
    }
    for (; notes[nextNote]?.size === state.size; nextNote++) {
      const problem = noteProblem(state, notes[nextNote]?.note ?? "", root)
      // Beyond what still counts of a revoked key it seals nothing, but it is no fault of the log.
      if (problem?.isVoid) continue
      if (problem !== undefined) report(null)("checkpoint", `a stored checkpoint ${problem.words}`)
      else {
        state.checkpoints++
        state.sealed = state.unsigned + state.void
        state.sealedTo = state.size
      }
    }
    if (!isHeld) return
    const problem = noteProblem(state, state.settings.held ?? "", root)
    state.held = problem === undefined ? "good" : problem.isOther ? "other" : "refused"
    if (state.held === "refused") report(null)("checkpoint", `the held checkpoint ${problem?.words}`)
    if (state.held === "good") {
      state.sealed = state.unsigned + state.void
      state.sealedTo = state.size
    }
  }

  if (state.size === 0) passCheckpoints()
  for (const stored of events) {
    const reportHere = report(stored.seq)
    if (stored.seq > state.next) {
      const last = stored.seq - 1
      reportHere(
        "missing",
        state.next === last ? `event ${last} is missing` : `events ${state.next} to ${last} are missing`,
      )
    } else if (stored.seq < state.next) {
      reportHere("order", `event ${stored.seq} stands where event ${state.next} belongs`)
    }
    if (stored.bytes === null) state.removed = Math.max(state.removed, stored.seq)
    else checkEvent(state, stored, stored.bytes, prev, verifiers, reportHere)

    tree.push(stored.leaf)
    state.size++
    const tileRoot = state.size % tileLeaves === 0 ? tileRoots[(state.size - before.size) / tileLeaves - 1] : undefined
    if (tileRoot !== undefined) tree.endTile(tileRoot)
    prev = stored.leaf
    state.next = stored.seq + 1
    passCheckpoints()
  }
  for (const { size } of notes.slice(nextNote)) {
    report(null)("truncated", `a stored checkpoint covers ${size} events, only ${state.size} are here`)
  }
  state.prev = bytesToHex(prev)
  state.peaks = tree.peaks().map((peak) => bytesToHex(peak))
  return { state, problems }
}

/** After the last event: what keys and the held checkpoint say about the whole. */
export const finish = (state: VerificationState): Problem[] => {
  const problems: Problem[] = []
  const { settings, keys, heldSize } = state
  const problem = (kind: ProblemKind, words: string): void => {
    problems.push({ seq: null, problem: kind, words })
  }
  for (const words of keys === null ? [] : strayKeys(keys, settings.keys)) problem("key", words)
  if (state.removed > state.prunable) {
    problem("missing", `events up to ${state.removed} are removed, but no event of the log says so`)
  }
  if (state.missingSamples > state.expirable) {
    problem("samples", `the samples of event ${state.missingSamples} are gone, but no event of the log says so`)
  }
  if (settings.held === null || state.held === "good" || state.held === "refused") return problems
  const restore = state.epochs.find(({ lost_from, lost_to }) => lost_from <= heldSize && heldSize <= lost_to)
  if (restore !== undefined) {
    problem(
      "restored",
      `the history was restored to event ${restore.restored_to} (${restore.kind}, epoch ${restore.epoch}); the held checkpoint covers ${heldSize}, of which ${restore.lost_from} to ${restore.lost_to} are lost: use one over at most ${restore.restored_to}`,
    )
  } else if (state.held === "open") {
    problem("truncated", `the held checkpoint covers ${heldSize} events, only ${state.size} are here`)
  } else {
    problem("checkpoint", `the first ${heldSize} events are not the ones that the held checkpoint was made over`)
  }
  return problems
}

/** What was found, in numbers, beside the problems. */
export const summary = (state: VerificationState) => ({
  events: state.size,
  signed: state.signed,
  /** Without a signature that counts, but under a good checkpoint; and under none. */
  sealed: state.sealed,
  unsealed: state.unsigned + state.void - state.sealed,
  /** Signed by a key that was revoked, beyond what still counts; part of the two above. */
  void: state.void,
  /** Removed by retention: their hashes alone are here. */
  removed: state.removed,
  checkpoints: state.checkpoints,
  sealed_to: state.sealedTo,
  /** Up to which event the held checkpoint vouches for the history; 0 without one. */
  covered: state.held === "good" ? state.heldSize : 0,
  epochs: state.epochs,
})

const checkEvent = (
  state: VerificationState,
  stored: StoredEvent,
  bytes: Uint8Array,
  prev: Uint8Array,
  verifiers: Verifiers,
  report: Report,
): void => {
  if (!isAsExpected(state, stored, bytes, prev)) {
    let header: EventHeader
    try {
      header = parseHeader(bytes).header
    } catch (error) {
      state.unsigned++
      report("bytes", error instanceof Error ? error.message : String(error))
      return
    }
    compareHeader(state, stored, header, prev, report)
    stored = { ...stored, seq: header.seq, type: header.type, key_id: header.key_id }
  }
  followEvent(state, stored, bytes, report)

  const { seq, key_id, signature } = stored
  if ((key_id === null) !== (signature === null)) {
    report("signature", key_id === null ? "there is a signature of no key" : "the signature was taken away")
  }
  if (key_id === null) state.unsigned++
  else if (state.keys === null || counts(state.keys, key_id, seq)) state.signed++
  else state.void++
  if (key_id === null) return
  const keyProblem = state.keys === null ? undefined : eventKeyProblem(state.keys, key_id, seq)
  if (keyProblem !== undefined) report("key", keyProblem)
  if (state.settings.signatures === "all") checkSignature(stored, bytes, verifiers, report)
}

/** The one question that nearly every event answers with yes; those that do not are looked at in full. */
const isAsExpected = (state: VerificationState, stored: StoredEvent, bytes: Uint8Array, prev: Uint8Array): boolean => {
  const { log_id } = state.settings
  const { seq, type, collection_id, key_id } = stored
  return (
    isPlain(type, key_id, log_id) &&
    sameBytes(stored.prev, prev) &&
    fitsHeader(bytes, { log_id, epoch: state.epoch, seq, prev, type, collection_id, key_id })
  )
}

const compareHeader = (
  state: VerificationState,
  stored: StoredEvent,
  header: EventHeader,
  prev: Uint8Array,
  report: Report,
): void => {
  const compare = (name: string, column: unknown, signed: unknown): void => {
    if (column !== signed) report("columns", `the column ${name} says ${show(column)}, the bytes say ${show(signed)}`)
  }
  compare("seq", stored.seq, header.seq)
  compare("prev", bytesToHex(stored.prev), header.prev)
  compare("type", stored.type, header.type)
  compare("collection_id", stored.collection_id, header.collection_id)
  compare("key_id", stored.key_id, header.key_id)
  if (header.log_id !== state.settings.log_id) report("log", `the event belongs to the log ${header.log_id}`)
  const before = bytesToHex(prev)
  if (header.prev !== before) {
    const words = `the event continues ${header.prev.slice(0, 16)}..., but before it stands ${before.slice(0, 16)}...`
    report("link", words)
  }
  if (state.keys === null) return
  if (header.epoch !== state.epoch + (header.type === "epoch" ? 1 : 0)) {
    report("log", `the event is of epoch ${header.epoch}, the log of epoch ${state.epoch}`)
  }
}

/** What an event says about keys, epochs and retention. */
const followEvent = (state: VerificationState, stored: StoredEvent, bytes: Uint8Array, report: Report): void => {
  const { type, seq } = stored
  if (state.keys === null) return
  if (seq === 1 && type !== "genesis") report("anchor", `the first event is of type ${type}, not genesis`)
  if (!isKeyEvent(type) && type !== "epoch" && type !== "retention" && type !== "samples") return
  const event = parseEvent(bytes)
  if (type === "samples") checkBatch(state, event, stored.batch, report)
  else if (type === "epoch") {
    const { kind, restored_to, lost_from, lost_to } = event.body as unknown as Epoch
    state.epoch = event.epoch
    state.epochs = [...state.epochs, { epoch: event.epoch, seq, kind, restored_to, lost_from, lost_to }]
  } else if (type === "retention") {
    const { kind, through } = event.body
    if (typeof through !== "number") return
    if (kind === "events") state.prunable = Math.max(state.prunable, through)
    state.expirable = Math.max(state.expirable, through)
  } else {
    const keys = { stories: copyOf(state.keys.stories), inUse: { ...state.keys.inUse } }
    state.keys = keys
    try {
      followKeys(keys, state.settings.keys, event, (words) => report("key", words))
    } catch (error) {
      report(
        "key",
        `the event does not have the form of its type: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    if (seq === 1) checkGenesis(state, event, report)
  }
}

const checkGenesis = (state: VerificationState, event: Event, report: Report): void => {
  const { genesis } = state.settings
  if (genesis === undefined) return
  if (event.log_id !== genesis.log_id) report("anchor", `the log is ${event.log_id}, not ${genesis.log_id}`)
  if (state.keys?.stories[genesis.key_id]?.since !== 1) {
    report("anchor", `the log does not begin with the key ${genesis.key_id}`)
  }
}

const checkBatch = (state: VerificationState, event: Event, batch: string | null | undefined, report: Report): void => {
  if (batch === null) state.missingSamples = event.seq
  else if (batch !== undefined && event.body["sha256"] !== batch) {
    report("samples", "the samples are not the ones that their event was made over")
  }
}

const copyOf = <T extends object>(records: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(records).map(([id, record]) => [id, { ...record }]))

const checkSignature = (stored: StoredEvent, bytes: Uint8Array, verifiers: Verifiers, report: Report): void => {
  if (stored.signature === null || stored.key_id === null) return
  const verifier = verifiers.get(stored.key_id)
  if (verifier === undefined) report("key", `no key ${stored.key_id} for signing events is known`)
  else if (!verifier(bytes, stored.signature)) report("signature", `the signature is not valid under its key`)
}

/** What is wrong with a note when the tree has its size; `isOther`: it is genuine, but over other events. */
const noteProblem = (
  state: VerificationState,
  note: string,
  root: string,
): { words: string; isOther: boolean; isVoid?: boolean } | undefined => {
  const { log_id, keys: stored } = state.settings
  const keys = stored
    .filter(({ purpose }) => purpose === "checkpoints")
    .map(({ id, public_key }) => ({ id, publicKey: hexToBytes(public_key) }))
  try {
    const { checkpoint, key } = openCheckpointOf(log_id, note, keys)
    const words = state.keys === null ? undefined : checkpointKeyProblem(state.keys, key.id, state.size)
    if (words !== undefined) return { words: `is ${words}`, isOther: false }
    if (state.keys !== null && !counts(state.keys, key.id, state.size)) {
      return { words: "is signed by a key that was revoked, beyond what still counts", isOther: false, isVoid: true }
    }
    if (checkpoint.size === state.size && bytesToHex(checkpoint.root) === root) return undefined
    return { words: `was made over other events than the first ${state.size}`, isOther: true }
  } catch (error) {
    return { words: `is not valid: ${error instanceof Error ? error.message : String(error)}`, isOther: false }
  }
}

const show = (value: unknown): string => String(value).slice(0, 80)
