/** Hashes in the forms that the log uses. */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js"

export { bytesToHex, hexToBytes, sha256 }

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

/** The id of a public key: the lower-case hexadecimal SHA-256 of its 32 bytes. */
export const keyId = (publicKey: Uint8Array): string => bytesToHex(sha256(publicKey))
