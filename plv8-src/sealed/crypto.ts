/**
 * The primitives that sealing stands on. Two implementations give the same bytes:
 * @noble (noble.ts, runs anywhere) and node:crypto (client/sealed/node-crypto.ts, fast).
 */
export interface SealedCrypto {
  /** SHA-256 (FIPS 180-4). */
  sha256(data: Uint8Array): Uint8Array
  /** HMAC with SHA-256 (RFC 2104), 32 bytes. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array
  /** HKDF with SHA-256 and no salt (RFC 5869), for `length` bytes. */
  hkdf(root: Uint8Array, info: Uint8Array, length: number): Uint8Array
  /** `data` XOR the ChaCha20 key stream (RFC 8439), nonce zero, counter 0: a key must serve once only. */
  stream(key: Uint8Array, data: Uint8Array): Uint8Array
}

export const keyLength = 32
export const nonceLength = 16
export const macLength = 32
export const digestLength = 32
export const keyIdLength = 8
