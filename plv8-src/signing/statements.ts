/**
 * What is signed to change keys. Each statement has a label of its own, so that no
 * signature of one serves as another, and is bound to its log.
 *
 * A rotation is bound to one position besides: replayed anywhere else it is void. A
 * revocation is not, for the recovery key signs it offline; a key is revoked once.
 */
import { concatBytes } from "@noble/hashes/utils.js"
import { type CanonicalObject, canonicalBytes } from "./canonical.ts"
import { encodeUtf8 } from "./utf8.ts"

const rotationLabel = encodeUtf8("penstock.integrity.rotation/v1\u0000")
const revocationLabel = encodeUtf8("penstock.integrity.revocation/v1\u0000")

/** Where an event stands, which is part of what is signed. */
export interface Position {
  readonly log_id: string
  readonly epoch: number
  readonly seq: number
  /** Leaf hash of the event before, hexadecimal. */
  readonly prev: string
}

/** A public key as the log announces it. */
export interface AnnouncedKey {
  readonly id: string
  /** Hexadecimal. */
  readonly public_key: string
  readonly purpose: "events" | "checkpoints" | "recovery"
  /** Who keeps the seed: "database", or "external". */
  readonly holder: string
}

export interface Rotation {
  readonly purpose: string
  /** The key that is replaced; null when it was revoked. */
  readonly old_key_id: string | null
  /** The key that is replaced, or the recovery key. */
  readonly authorised_by: string
  readonly new_key: AnnouncedKey
}

export interface Revocation {
  readonly key_id: string
  readonly reason: string
  /** What the key signed counts for so many first events. */
  readonly trusted_size: number
  /** Root over them, hexadecimal; null for none. */
  readonly trusted_root: string | null
  /** The recovery key. */
  readonly authorised_by: string
}

/** The bytes that the authorising key and the new key sign. Throws SqlError 22023 for what is not canonical JSON. */
export const rotationStatement = ({ log_id, epoch, seq, prev }: Position, rotation: Rotation): Uint8Array => {
  const { purpose, old_key_id, authorised_by, new_key } = rotation
  const { id, public_key, holder } = new_key
  return statement(rotationLabel, {
    ...{ log_id, epoch, seq, prev, purpose, old_key_id, authorised_by },
    ...{ new_key_id: id, new_public_key: public_key, new_holder: holder },
  })
}

/** The bytes that the recovery key signs. Throws SqlError 22023 for what is not canonical JSON. */
export const revocationStatement = (log_id: string, revocation: Revocation): Uint8Array => {
  const { key_id, reason, trusted_size, trusted_root, authorised_by } = revocation
  return statement(revocationLabel, { log_id, key_id, reason, trusted_size, trusted_root, authorised_by })
}

const statement = (label: Uint8Array, content: CanonicalObject): Uint8Array =>
  concatBytes(label, canonicalBytes(content))
