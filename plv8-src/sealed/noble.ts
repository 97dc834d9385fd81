import { chacha20 } from "@noble/ciphers/chacha.js"
import { hkdf } from "@noble/hashes/hkdf.js"
import { hmac } from "@noble/hashes/hmac.js"
import { sha256 } from "@noble/hashes/sha2.js"
import type { SealedCrypto } from "./crypto.ts"

const zeroNonce = new Uint8Array(12)

/** The primitives in JavaScript alone: for every engine. */
export const nobleCrypto: SealedCrypto = {
  sha256: (data) => sha256(data),
  hmac: (key, data) => hmac(sha256, key, data),
  hkdf: (root, info, length) => hkdf(sha256, root, undefined, info, length),
  stream: (key, data) => chacha20(key, zeroNonce, data),
}
