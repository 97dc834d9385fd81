import { createCipheriv, createHmac, hash, hkdfSync } from "node:crypto"
import type { SealedCrypto } from "../../plv8-src/sealed/crypto.ts"

/** OpenSSL's ChaCha20 takes the counter, little-endian, in front of the nonce of RFC 8439. */
const zeroCounterAndNonce = new Uint8Array(16)
const noSalt = new Uint8Array(0)

/** The primitives of OpenSSL, by node:crypto: the same bytes as nobleCrypto, many times faster. */
export const nodeCrypto: SealedCrypto = {
  sha256: (data) => hash("sha256", data, "buffer"),
  hmac: (key, data) => createHmac("sha256", key).update(data).digest(),
  hkdf: (root, info, length) => new Uint8Array(hkdfSync("sha256", root, noSalt, info, length)),
  stream: (key, data) => createCipheriv("chacha20", key, zeroCounterAndNonce).update(data),
}
