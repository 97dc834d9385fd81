/** Sealing a row and opening it: encrypt, then MAC over everything; check, then decrypt. */
import { SqlError } from "../errors.ts"
import { sameBytes } from "../signing/hash.ts"
import { bytesToFloats, floatsToBytes } from "./bytes.ts"
import { digestLength, macLength, nonceLength, type SealedCrypto } from "./crypto.ts"
import { type SealedKeys } from "./keys.ts"
import { Tokenizer, vectorNonce } from "./token.ts"

/** The length of the synthetic value in front of each sealed copy. */
export const syntheticLength = 16

/** What is sealed. */
export interface OpenRow {
  /** From readId: type byte and canonical bytes. */
  readonly id: Uint8Array
  readonly version: bigint
  readonly vector: Float32Array
  /** Bytes of the metadata that stay readable, and of the rest. */
  readonly plain: Uint8Array
  readonly secret: Uint8Array
}

/** What the server keeps. */
export interface SealedRow {
  readonly id: Uint8Array
  readonly version: bigint
  readonly keyId: Uint8Array
  readonly nonce: Uint8Array
  /** Empty at level sealed. */
  readonly token: Uint8Array
  readonly tokenDigest: Uint8Array
  readonly sealed: Uint8Array
  readonly plain: Uint8Array
  readonly mac: Uint8Array
}

/** A row as it came back; the token only where it was asked for. */
export type StoredRow = Omit<SealedRow, "token"> & { readonly token?: Uint8Array }

/** Intermediate values that published test vectors show. */
export interface RecordSteps {
  readonly synthetic: Uint8Array
  readonly recordKey: Uint8Array
}

const maximumVersion = 2n ** 63n - 1n

/** The error of a row that is not what was sealed. */
export const tampered = (reason: string): SqlError =>
  new SqlError("XX001", `a sealed row is not as it was sealed: ${reason}`, {
    hint: "Somebody or something changed it outside of the client. Restore it from a backup; penstock sealed verify finds all such rows.",
  })

/**
 * Seals and opens under one set of keys. Holds scratch space; one call at a time.
 *
 * s = HMAC(k_synthetic, ctx | nonce | lp(id) | u64 version | SHA-256(plain) | SHA-256(secret)),
 * its first 16 bytes; k_rec = HMAC(k_encryption, the same with s for the last digest);
 * sealed = s | stream(k_rec) over (vector, secret). Two rows under one k_rec would have to
 * agree in everything that is encrypted. s is stored because the secret's digest is known
 * only after opening, and keyed because a bare digest would let anyone guess the secret.
 */
export class Sealer {
  readonly keys: SealedKeys
  readonly #crypto: SealedCrypto
  readonly #tokenizer: Tokenizer
  #scratch = new Uint8Array(4096)
  #length = 0

  constructor(crypto: SealedCrypto, keys: SealedKeys) {
    this.#crypto = crypto
    this.keys = keys
    this.#tokenizer = new Tokenizer(crypto, keys)
  }

  seal(row: OpenRow): SealedRow {
    const { id, version, vector, plain, secret } = row
    const { keys } = this
    checkVersion(version)
    const nonce = this.nonceOf(row)
    const token = keys.rotation === undefined ? new Uint8Array(0) : this.#tokenizer.token(vector, nonce, false)
    const plainDigest = this.#crypto.sha256(plain)
    const synthetic = this.#synthetic(id, version, nonce, plainDigest, secret)
    const recordKey = this.#recordKey(id, version, nonce, plainDigest, synthetic)
    this.#length = 0
    this.#raw(floatsToBytes(vector))
    this.#raw(secret)
    const encrypted = this.#crypto.stream(recordKey, this.#scratch.subarray(0, this.#length))
    const sealed = new Uint8Array(syntheticLength + encrypted.length)
    sealed.set(synthetic)
    sealed.set(encrypted, syntheticLength)
    const tokenDigest = this.#crypto.sha256(token)
    const mac = this.#mac(id, version, nonce, tokenDigest, sealed, plain)
    return { id, version, keyId: keys.keyId, nonce, token, tokenDigest, sealed, plain, mac }
  }

  /**
   * Opens a row after checking its MAC, and its token where there is one.
   * Throws SqlError 42704 for another key, XX001 for a row that was changed.
   */
  open(row: StoredRow): OpenRow {
    const { id, version, nonce, tokenDigest, sealed, plain, mac, token } = row
    const { shape, keyId } = this.keys
    if (!sameBytes(row.keyId, keyId)) {
      throw new SqlError("42704", "the row was sealed under another root key than this one")
    }
    const least = syntheticLength + 4 * shape.dimensions
    if (nonce.length !== nonceLength || tokenDigest.length !== digestLength || mac.length !== macLength) {
      throw tampered("a field has another length")
    }
    if (sealed.length < least) throw tampered(`its sealed copy has ${sealed.length} bytes, fewer than ${least}`)
    if (version < 1n || version > maximumVersion) throw tampered(`its version is ${version}`)
    if (!sameBytes(this.#mac(id, version, nonce, tokenDigest, sealed, plain), mac)) {
      throw tampered("its authenticator does not fit")
    }
    if (token !== undefined && !sameBytes(this.#crypto.sha256(token), tokenDigest)) {
      throw tampered("its token is another one")
    }
    const synthetic = sealed.subarray(0, syntheticLength)
    const recordKey = this.#recordKey(id, version, nonce, this.#crypto.sha256(plain), synthetic)
    const content = this.#crypto.stream(recordKey, sealed.subarray(syntheticLength))
    const vector = bytesToFloats(content.subarray(0, 4 * shape.dimensions))
    return { id, version, vector, plain, secret: content.subarray(4 * shape.dimensions) }
  }

  /** A query's token. It has a nonce and noise of its own: an equal document has another token. */
  query(vector: Float32Array): { readonly nonce: Uint8Array; readonly token: Uint8Array } {
    const nonce = vectorNonce(this.#crypto, this.keys.queryNonce, vector)
    return { nonce, token: this.#tokenizer.token(vector, nonce, true) }
  }

  /** At level sealed id and version are part of it, so that equal vectors do not show. */
  nonceOf({ vector, id, version }: OpenRow): Uint8Array {
    if (this.keys.rotation !== undefined) return vectorNonce(this.#crypto, this.keys.nonce, vector)
    this.#length = 0
    this.#prefixed(floatsToBytes(vector))
    this.#prefixed(id)
    this.#version(version)
    return this.#hmac(this.keys.nonce).subarray(0, nonceLength)
  }

  steps(row: OpenRow): RecordSteps {
    const nonce = this.nonceOf(row)
    const plainDigest = this.#crypto.sha256(row.plain)
    const synthetic = this.#synthetic(row.id, row.version, nonce, plainDigest, row.secret)
    return { synthetic, recordKey: this.#recordKey(row.id, row.version, nonce, plainDigest, synthetic) }
  }

  #synthetic(id: Uint8Array, version: bigint, nonce: Uint8Array, plain: Uint8Array, secret: Uint8Array): Uint8Array {
    this.#bind(id, version, nonce, plain)
    this.#raw(this.#crypto.sha256(secret))
    return this.#hmac(this.keys.synthetic).subarray(0, syntheticLength)
  }

  #recordKey(id: Uint8Array, version: bigint, nonce: Uint8Array, plain: Uint8Array, synthetic: Uint8Array): Uint8Array {
    this.#bind(id, version, nonce, plain)
    this.#raw(synthetic)
    return this.#hmac(this.keys.encryption)
  }

  #bind(id: Uint8Array, version: bigint, nonce: Uint8Array, plainDigest: Uint8Array): void {
    this.#length = 0
    this.#raw(this.keys.ctx)
    this.#raw(nonce)
    this.#prefixed(id)
    this.#version(version)
    this.#raw(plainDigest)
  }

  #mac(
    id: Uint8Array,
    version: bigint,
    nonce: Uint8Array,
    tokenDigest: Uint8Array,
    sealed: Uint8Array,
    plain: Uint8Array,
  ): Uint8Array {
    this.#length = 0
    this.#raw(this.keys.ctx)
    this.#prefixed(id)
    this.#version(version)
    this.#raw(nonce)
    this.#raw(tokenDigest)
    this.#prefixed(sealed)
    this.#prefixed(plain)
    return this.#hmac(this.keys.mac)
  }

  #hmac(key: Uint8Array): Uint8Array {
    return this.#crypto.hmac(key, this.#scratch.subarray(0, this.#length))
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#scratch.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #prefixed(bytes: Uint8Array): void {
    this.#u32(bytes.length)
    this.#raw(bytes)
  }

  #version(version: bigint): void {
    this.#u32(Number(version >> 32n))
    this.#u32(Number(version & 0xffffffffn))
  }

  #u32(value: number): void {
    this.#reserve(4)
    const scratch = this.#scratch
    scratch[this.#length++] = value >>> 24
    scratch[this.#length++] = value >>> 16
    scratch[this.#length++] = value >>> 8
    scratch[this.#length++] = value
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#scratch.length) return
    const larger = new Uint8Array(2 * (this.#length + more))
    larger.set(this.#scratch)
    this.#scratch = larger
  }
}

const checkVersion = (version: bigint): void => {
  if (version < 1n || version > maximumVersion) {
    throw new SqlError("22023", `version: expected 1 to ${maximumVersion}, got ${version}`)
  }
}
