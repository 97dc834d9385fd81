/** Small histories for tests, made as the database makes them, and what a thief can make of them. */
import { publicKeyOf, sign } from "../../../plv8-src/signing/ed25519.ts"
import { type Event, eventBytes, genesisPrev, parseEvent } from "../../../plv8-src/signing/event.ts"
import {
  type Anchor,
  type ExportedEvent,
  type ExportedRow,
  type Verdict,
  verifyExport,
} from "../../../plv8-src/signing/export.ts"
import { keyId } from "../../../plv8-src/signing/hash.ts"
import { leafHash, merkleRoot } from "../../../plv8-src/signing/merkle.ts"
import { originOf, signCheckpoint } from "../../../plv8-src/signing/note.ts"
import type { StoredKey } from "../../../plv8-src/signing/verify.ts"
import { hex, unhex } from "./support.ts"

export interface History {
  readonly log_id: string
  readonly keys: readonly StoredKey[]
  readonly events: readonly ExportedEvent[]
  /** Signed notes that lie beside the log. */
  readonly checkpoints: readonly string[]
}

/** In the order of an export; a checkpoint stands after as many events as it claims. */
export const rowsOf = ({ log_id, keys, events, checkpoints }: History): ExportedRow[] => {
  const notes = checkpoints.map((note) => ({ kind: "checkpoint" as const, size: Number(note.split("\n")[1]), note }))
  return [
    { kind: "log", log_id },
    ...keys.map((key) => ({ kind: "key" as const, ...key })),
    ...events.flatMap((event, i) => [event, ...notes.filter(({ size }) => size === i + 1)]),
    ...notes.filter(({ size }) => size > events.length),
  ]
}

/** The verdict over a history, against a held checkpoint. */
export const judge = (history: History, held: string | null = null, anchor: Anchor = {}): Verdict =>
  verifyExport(rowsOf(history), { held, ...anchor })

export interface Seeds {
  readonly events: Uint8Array
  readonly checkpoints: Uint8Array
}

export const keysOf = (seeds: Seeds): StoredKey[] =>
  (["checkpoints", "events"] as const).map((purpose) => {
    const publicKey = publicKeyOf(seeds[purpose])
    return { id: keyId(publicKey), public_key: hex(publicKey), purpose, holder: "database" }
  })

type Draft = Pick<Event, "type" | "collection" | "collection_id" | "body"> & { at?: string }

/** A chain over drafts, each signed unless its `unsigned` is set; the first must be the genesis. */
export const chain = (
  logId: string,
  seeds: Seeds,
  drafts: readonly (Draft & { unsigned?: boolean })[],
): ExportedEvent[] => {
  const signer = keyId(publicKeyOf(seeds.events))
  let prev = genesisPrev
  return drafts.map(({ unsigned = false, type, collection, collection_id, body, at }, i) => {
    const key_id = unsigned ? null : signer
    const event: Event = {
      v: 1,
      log_id: logId,
      epoch: 1,
      seq: i + 1,
      prev,
      key_id,
      at: at ?? String(1795194000000000 + i),
      by: "postgres",
      type,
      collection,
      collection_id,
      body,
    }
    const bytes = eventBytes(event)
    const row = {
      kind: "event" as const,
      seq: event.seq,
      prev,
      type,
      collection_id,
      key_id,
      bytes: hex(bytes),
      signature: unsigned ? null : hex(sign(seeds.events, bytes)),
    }
    prev = hex(leafHash(bytes))
    return row
  })
}

/** A history of `length` events. */
export const makeHistory = (logId: string, seeds: Seeds, length: number): History => {
  const keys = keysOf(seeds)
  const drafts: Draft[] = Array.from({ length }, (_, i) =>
    i === 0
      ? { type: "genesis", collection: null, collection_id: null, body: { keys: keys.map((key) => ({ ...key })) } }
      : {
          type: "state_change",
          collection: "docs",
          collection_id: 1 + (i % 2),
          body: { new_state: "stress", step: i },
        },
  )
  return { log_id: logId, keys, events: chain(logId, seeds, drafts), checkpoints: [] }
}

/** What `integrity.checkpoint()` gives over the first `size` events. */
export const checkpointOver = (history: History, seeds: Seeds, size = history.events.length): string => {
  const leaves = history.events.slice(0, size).map((event) => leafHash(unhex(event.bytes)))
  return signCheckpoint(
    { origin: originOf(history.log_id), size, root: merkleRoot(leaves), extensions: ["key=database"] },
    seeds.checkpoints,
    publicKeyOf(seeds.checkpoints),
  )
}

/** The thief's work: any content, linked and signed with the stolen key, as good as new. */
export const resign = (history: History, seeds: Seeds, change: (drafts: Draft[]) => void): History => {
  const drafts = history.events.map((event): Draft => {
    const { type, collection, collection_id, body } = parseEvent(unhex(event.bytes))
    return { type, collection, collection_id, body }
  })
  change(drafts)
  return { ...history, events: chain(history.log_id, seeds, drafts) }
}
