/**
 * The keys of a log as its own events tell their story: announced, brought into use,
 * replaced, revoked. What an event may be signed with depends on where it stands.
 */
import { verify } from "./ed25519.ts"
import type { Event } from "./event.ts"
import { hexToBytes, keyId } from "./hash.ts"
import {
  type AnnouncedKey,
  type Revocation,
  revocationStatement,
  type Rotation,
  rotationStatement,
} from "./statements.ts"

/** A public key as it is stored beside the log, with what its revocation says, if there is one. */
export interface StoredKey extends AnnouncedKey {
  /** What the key signed counts for so many first events, whose root this is (hexadecimal). */
  readonly revoked_beyond?: number | null
  readonly revoked_root?: string | null
}

interface KeyStory {
  readonly purpose: string
  /** seq of the event that brought it into use, and of the one that took it out. */
  since: number | null
  until: number | null
  /** What it signed counts up to here; null: without end. Known beforehand, from what is stored beside the log. */
  trusted: number | null
  isRevoked: boolean
}

export interface LogKeys {
  readonly stories: Record<string, KeyStory>
  readonly inUse: Record<string, string | null>
}

type Report = (words: string) => void

export const noKeys = (): LogKeys => ({ stories: {}, inUse: { events: null, checkpoints: null, recovery: null } })

/** Types of events that change the keys. */
export const isKeyEvent = (type: string): boolean =>
  type === "genesis" || type === "key_registered" || type === "key_rotated" || type === "key_revoked"

/** Takes the keys through an event. Reports what no genuine log would hold. */
export const followKeys = (keys: LogKeys, stored: readonly StoredKey[], event: Event, report: Report): void => {
  const body = event.body as Record<string, unknown>
  switch (event.type) {
    case "genesis":
      if (event.seq !== 1) return report("the history begins a second time")
      for (const key of Array.isArray(body["keys"]) ? (body["keys"] as AnnouncedKey[]) : []) {
        announce(keys, stored, key, report)
        use(keys, key.id, key.purpose, 1)
      }
      return
    case "key_registered": {
      const key = body["key"] as AnnouncedKey
      const isFirst = !Object.values(keys.stories).some(({ purpose }) => purpose === key?.purpose)
      announce(keys, stored, key, report)
      if (isFirst && key.purpose === "recovery") use(keys, key.id, key.purpose, event.seq)
      return
    }
    case "key_rotated":
      return rotate(
        keys,
        stored,
        event,
        body as unknown as Rotation & { authorisation: string; possession: string },
        report,
      )
    default:
      return revoke(keys, stored, event, body as unknown as Revocation & { authorisation: string }, report)
  }
}

const purposes = new Set<string>(["events", "checkpoints", "recovery"])

const announce = (keys: LogKeys, stored: readonly StoredKey[], key: AnnouncedKey, report: Report): void => {
  // What was written by others must not reach the prototype of the records below.
  if (!/^[0-9a-f]{64}$/.test(key.id) || !purposes.has(key.purpose)) throw new RangeError("it announces no key")
  const known = stored.find(({ id }) => id === key.id)
  if (known === undefined) {
    report(`the key ${key.id}, announced here, is missing`)
  } else if (known.public_key !== key.public_key || known.purpose !== key.purpose || known.holder !== key.holder) {
    report(`the key ${key.id} is stored as something else than what is announced here`)
  }
  keys.stories[key.id] ??= {
    purpose: key.purpose,
    since: null,
    until: null,
    trusted: known?.revoked_beyond ?? null,
    isRevoked: false,
  }
}

const use = (keys: LogKeys, id: string, purpose: string, seq: number): void => {
  const story = keys.stories[id]
  if (story !== undefined) story.since = seq
  keys.inUse[purpose] = id
}

const rotate = (
  keys: LogKeys,
  stored: readonly StoredKey[],
  event: Event,
  rotation: Rotation & { authorisation: string; possession: string },
  report: Report,
): void => {
  const { purpose, old_key_id, authorised_by, new_key } = rotation
  const story = storyOf(keys, new_key.id)
  const inUse = keys.inUse[purpose] ?? null
  if (story?.purpose !== purpose || story.since !== null || story.isRevoked) {
    return report(`a rotation to the key ${new_key.id}, which cannot be brought into use`)
  }
  if (old_key_id !== inUse || authorised_by !== (inUse ?? keys.inUse["recovery"])) {
    return report("a rotation that the key in use did not authorise")
  }
  const statement = rotationStatement(event, rotation)
  if (!isSigned(stored, authorised_by, statement, rotation.authorisation)) {
    return report("a rotation whose authorisation is not a signature by the key in use")
  }
  if (!isSigned(stored, new_key.id, statement, rotation.possession)) {
    return report("a rotation that the new key did not sign")
  }
  const old = old_key_id === null ? undefined : storyOf(keys, old_key_id)
  if (old !== undefined) old.until = event.seq
  use(keys, new_key.id, purpose, event.seq)
  // Whoever has a stolen key can rotate to one of his own: what it signs counts no more than the stolen one.
  if (!counts(keys, authorised_by, event.seq)) story.trusted = 0
}

const revoke = (
  keys: LogKeys,
  stored: readonly StoredKey[],
  event: Event,
  revocation: Revocation & { authorisation: string },
  report: Report,
): void => {
  const { key_id, authorised_by, authorisation, trusted_size, trusted_root } = revocation
  const story = storyOf(keys, key_id)
  if (story === undefined || story.isRevoked || authorised_by !== keys.inUse["recovery"]) {
    return report("a revocation that the recovery key did not authorise")
  }
  if (!isSigned(stored, authorised_by, revocationStatement(event.log_id, revocation), authorisation)) {
    return report("a revocation that is not signed by the recovery key")
  }
  const known = stored.find(({ id }) => id === key_id)
  if (known?.revoked_beyond !== trusted_size || (known.revoked_root ?? null) !== trusted_root) {
    report(`the key ${key_id} is not stored as revoked in the way that this event says`)
  }
  story.isRevoked = true
  if (keys.inUse[story.purpose] === key_id) {
    keys.inUse[story.purpose] = null
    story.until = event.seq
  }
}

const storyOf = (keys: LogKeys, id: string): KeyStory | undefined =>
  Object.hasOwn(keys.stories, id) ? keys.stories[id] : undefined

const isSigned = (stored: readonly StoredKey[], id: string, statement: Uint8Array, signature: unknown): boolean => {
  const key = stored.find((candidate) => candidate.id === id)
  if (key === undefined || typeof signature !== "string" || !/^[0-9a-f]{128}$/.test(signature)) return false
  return verify(hexToBytes(key.public_key), statement, hexToBytes(signature))
}

/** Why an event at `seq` cannot be signed with this key, or undefined. */
export const eventKeyProblem = (keys: LogKeys, id: string, seq: number): string | undefined => {
  const story = storyOf(keys, id)
  if (story === undefined) return `the key ${id} was not announced by any earlier event`
  if (story.purpose !== "events") return `the key ${id} is not one for events`
  if (story.since === null || story.since > seq || (story.until !== null && story.until < seq)) {
    return `the key ${id} is not in use here`
  }
  return undefined
}

/** Why a checkpoint over `size` events cannot be signed with this key, or undefined. */
export const checkpointKeyProblem = (keys: LogKeys, id: string, size: number): string | undefined => {
  const story = storyOf(keys, id)
  if (story?.purpose !== "checkpoints" || story.since === null || story.since > size) {
    return "signed by a key that was not in use"
  }
  if (story.until !== null && story.until <= size) return "signed by a key that was no longer in use"
  return undefined
}

/** Whether what a key signed at this event, or over so many, still counts. */
export const counts = (keys: LogKeys, id: string, seq: number): boolean => {
  const trusted = storyOf(keys, id)?.trusted ?? null
  return trusted === null || seq <= trusted
}

/** What is stored beside the log and does not fit the story that the log tells. */
export const strayKeys = (keys: LogKeys, stored: readonly StoredKey[]): string[] =>
  stored.flatMap((key) => {
    const story = storyOf(keys, key.id)
    if (keyId(hexToBytes(key.public_key)) !== key.id) return [`the id ${key.id} is not the hash of its public key`]
    if (story === undefined) return [`the key ${key.id} is not announced by any event`]
    const isStoredAsRevoked = (key.revoked_beyond ?? null) !== null
    return isStoredAsRevoked && !story.isRevoked
      ? [`the key ${key.id} is stored as revoked, but no event revokes it`]
      : []
  })
