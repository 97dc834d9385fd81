/** From a root key to the keys of one collection, tenant and set of options: one key, one use. */
import { SqlError } from "../errors.ts"
import { encodeUtf8 } from "../signing/utf8.ts"
import { concat, f32, lp, u16, u32, u8 } from "./bytes.ts"
import { keyIdLength, keyLength, type SealedCrypto } from "./crypto.ts"
import { kindCodes, levelCodes, metricCodes, type SealedShape } from "./options.ts"
import { drawRotation, type Rotation } from "./rotation.ts"

export interface SealedKeys {
  readonly shape: SealedShape
  /** Names the root without revealing it. */
  readonly keyId: Uint8Array
  /** H: everything that the keys depend on. */
  readonly header: Uint8Array
  /** SHA-256 of H. */
  readonly ctx: Uint8Array
  readonly nonce: Uint8Array
  readonly noise: Uint8Array
  readonly queryNonce: Uint8Array
  readonly queryNoise: Uint8Array
  readonly synthetic: Uint8Array
  readonly encryption: Uint8Array
  readonly mac: Uint8Array
  /** Key of the rotation's stream; and the rotation, none at level sealed. */
  readonly rotationKey: Uint8Array
  readonly rotation: Rotation | undefined
}

export const checkRoot = (root: Uint8Array): void => {
  if (!(root instanceof Uint8Array) || root.length !== keyLength) {
    throw new SqlError("22023", `expected a root key of ${keyLength} bytes`, {
      hint: "penstock sealed keygen makes one. A root is random, not a password.",
    })
  }
}

/** The id of a root: 8 bytes of HKDF(root, "key-id"). */
export const keyIdOf = (crypto: SealedCrypto, root: Uint8Array): Uint8Array => {
  checkRoot(root)
  return crypto.hkdf(root, encodeUtf8("key-id"), keyIdLength)
}

/** H. Big-endian; strings and the tenant with their lengths, so that no two contexts have one encoding. */
export const headerOf = (shape: SealedShape, keyId: Uint8Array): Uint8Array =>
  concat(
    encodeUtf8("penstock.sealed/v1\0"),
    u8(levelCodes[shape.level]),
    u8(kindCodes[shape.kind]),
    u8(metricCodes[shape.metric]),
    u16(shape.dimensions),
    u16(shape.padded),
    u32(shape.noise),
    f32(shape.radius),
    keyId,
    lp(shape.tenant),
    shape.collection,
  )

/** All keys under a root. Costs a few milliseconds (the rotation is drawn), so keep the result. */
export const deriveKeys = (crypto: SealedCrypto, root: Uint8Array, shape: SealedShape): SealedKeys => {
  const keyId = keyIdOf(crypto, root)
  const header = headerOf(shape, keyId)
  const ctx = crypto.sha256(header)
  const derive = (label: string) => crypto.hkdf(root, concat(lp(encodeUtf8(label)), ctx), keyLength)
  const rotationKey = derive("rotation")
  return {
    shape,
    keyId,
    header,
    ctx,
    nonce: derive("nonce"),
    noise: derive("noise"),
    queryNonce: derive("query-nonce"),
    queryNoise: derive("query-noise"),
    synthetic: derive("synthetic"),
    encryption: derive("encryption"),
    mac: derive("mac"),
    rotationKey,
    rotation: shape.padded === 0 ? undefined : drawRotation(crypto, rotationKey, shape.padded),
  }
}
