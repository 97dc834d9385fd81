/**
 * Ed25519 by node:crypto (OpenSSL), with the verdict of plv8-src/signing/ed25519.ts: the checks of
 * `isWellFormed` come first, and behind them the two implementations agree
 * (test/unit/signing/ed25519-differential). About fourteen times faster than JavaScript alone.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto"
import { isWellFormed, publicKeyLength } from "../../plv8-src/signing/ed25519.ts"
import { keyId } from "../../plv8-src/signing/hash.ts"
import type { MakeVerifier } from "../../plv8-src/signing/verify.ts"

/** A private key that never leaves node:crypto, and what may be told about it. */
export interface SigningKey {
  /** SHA-256 of the public key, in hexadecimal. */
  readonly id: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  sign(this: void, message: Uint8Array): Uint8Array
  /** PKCS #8 (RFC 8410) as PEM (RFC 7468). */
  toPem(this: void): string
}

/** SubjectPublicKeyInfo of Ed25519 up to the key itself (RFC 8410 section 4). */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex")

const rawPublicKey = (key: KeyObject): Uint8Array =>
  new Uint8Array(key.export({ format: "der", type: "spki" }).subarray(-publicKeyLength))

const signingKeyOf = (key: KeyObject): SigningKey => {
  const publicKey = rawPublicKey(createPublicKey(key))
  return {
    id: keyId(publicKey),
    publicKey,
    sign: (message) => new Uint8Array(sign(null, message, key)),
    toPem: () => key.export({ format: "pem", type: "pkcs8" }) as string,
  }
}

/** A new key from the random source of the operating system. */
export const newSigningKey = (): SigningKey => signingKeyOf(generateKeyPairSync("ed25519").privateKey)

/** Reads a PKCS #8 key in PEM. Throws a TypeError for anything but an Ed25519 key. */
export const readSigningKey = (pem: string): SigningKey => {
  const key = createPrivateKey({ key: pem, format: "pem" })
  if (key.asymmetricKeyType !== "ed25519") {
    throw new TypeError(`expected an Ed25519 private key, got ${key.asymmetricKeyType ?? "another kind"}`)
  }
  return signingKeyOf(key)
}

/** `verifierOf` of the library, by node:crypto. */
export const verifierOf: MakeVerifier = (publicKey) => {
  let key: KeyObject | undefined
  return (message, signature) => {
    if (!isWellFormed(publicKey, signature)) return false
    try {
      key ??= createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: "der", type: "spki" })
      return verify(null, message, key, signature)
    } catch {
      // 32 bytes that are no point of the curve.
      return false
    }
  }
}
