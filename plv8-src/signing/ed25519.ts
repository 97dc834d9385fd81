/**
 * Ed25519 (RFC 8032 section 5.1) with one verdict everywhere.
 *
 * Implementations disagree about signatures at the edges ("Taming the many EdDSAs",
 * Chalkias, Garillot, Nikolaenko 2020). The rule here leaves nothing to them:
 * A, R and S are canonical encodings, neither A nor R has small order, and the equation
 * is the one without cofactor, [S]B = R + [k]A. `isWellFormed` is the part of the rule
 * that needs no arithmetic; behind it every implementation without cofactor, such as
 * node:crypto, gives the verdict of `verify` (test/unit/signing/ed25519-differential).
 */
import { ed25519 } from "@noble/curves/ed25519.js"
import { sha512 } from "@noble/hashes/sha2.js"
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js"
import { SqlError } from "../errors.ts"

export const seedLength = 32
export const publicKeyLength = 32
export const signatureLength = 64

const { Point } = ed25519
type CurvePoint = InstanceType<typeof Point>

/** p = 2^255 - 19 and L, the order of the base point, little-endian. */
const fieldOrder = hexToBytes("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")
const groupOrder = hexToBytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")

/** The y coordinates of the eight points of small order; the sign of x does not matter. */
const smallOrderY = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map((hex) => hexToBytes(hex))

/** The public key of a 32-byte seed (RFC 8032 section 5.1.5). */
export const publicKeyOf = (seed: Uint8Array): Uint8Array => ed25519.getPublicKey(requireSeed(seed))

/** The signature of a message: deterministic, so nothing random is needed (RFC 8032 section 5.1.6). */
export const sign = (seed: Uint8Array, message: Uint8Array): Uint8Array => ed25519.sign(message, requireSeed(seed))

/** Whether a signature is valid under a public key, by the rule above. Never throws. */
export const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  if (!isWellFormed(publicKey, signature)) return false
  const key = decodePoint(publicKey)
  return key !== undefined && satisfiesEquation(key, publicKey, message, signature)
}

/** Signatures of one key after which a table of its multiples (25 ms) has paid for itself. */
const worthTabulating = 32

/** `verify` for many signatures of one key, which is decoded once. */
export const verifierOf = (publicKey: Uint8Array): ((message: Uint8Array, signature: Uint8Array) => boolean) => {
  const key = isCanonicalPoint(publicKey) && !isSmallOrder(publicKey) ? decodePoint(publicKey) : undefined
  if (key === undefined) return () => false
  let uses = 0
  return (message, signature) => {
    if (++uses === worthTabulating) key.precompute(8)
    return isWellFormed(publicKey, signature) && satisfiesEquation(key, publicKey, message, signature)
  }
}

/** Lengths and encodings: canonical A, R and S, no point of small order. */
export const isWellFormed = (publicKey: Uint8Array, signature: Uint8Array): boolean =>
  publicKey.length === publicKeyLength &&
  signature.length === signatureLength &&
  [publicKey, signature.subarray(0, 32)].every((point) => isCanonicalPoint(point) && !isSmallOrder(point)) &&
  isBelow(signature.subarray(32), groupOrder)

/**
 * Why a public key must not be registered, or undefined. Beyond what `verify` demands,
 * a key must lie in the subgroup of prime order: of a key of mixed order, different
 * verifiers would accept different signatures.
 */
export const publicKeyProblem = (publicKey: Uint8Array): string | undefined => {
  if (publicKey.length !== publicKeyLength) return `has ${publicKey.length} bytes instead of ${publicKeyLength}`
  if (!isCanonicalPoint(publicKey)) return "is not a canonical encoding of a point"
  if (isSmallOrder(publicKey)) return "is a point of small order"
  const key = decodePoint(publicKey)
  if (key === undefined) return "is not a point of the curve"
  return key.isTorsionFree() ? undefined : "is a point of mixed order"
}

const satisfiesEquation = (
  key: CurvePoint,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => {
  const encodedR = signature.subarray(0, 32)
  const r = decodePoint(encodedR)
  if (r === undefined) return false
  const s = littleEndian(signature.subarray(32))
  const k = Point.Fn.create(littleEndian(sha512(concatBytes(encodedR, publicKey, message))))
  return Point.BASE.multiplyUnsafe(s).equals(r.add(key.multiplyUnsafe(k)))
}

/** The point with this encoding, or undefined when no point of the curve has it. */
const decodePoint = (encoded: Uint8Array): CurvePoint | undefined => {
  try {
    return Point.fromBytes(encoded)
  } catch {
    return undefined
  }
}

/** y < p. That x = 0 has sign 0 follows once small orders are excluded: only they have x = 0. */
const isCanonicalPoint = (encoded: Uint8Array): boolean => isBelow(withoutSign(encoded), fieldOrder)

const isSmallOrder = (encoded: Uint8Array): boolean => {
  const y = withoutSign(encoded)
  return smallOrderY.some((known) => known.every((byte, i) => byte === y[i]))
}

const withoutSign = (encoded: Uint8Array): Uint8Array => {
  const y = encoded.slice()
  y[31] = (y[31] ?? 0) & 0x7f
  return y
}

const isBelow = (value: Uint8Array, bound: Uint8Array): boolean => {
  for (let i = bound.length - 1; i >= 0; i--) {
    const difference = (value[i] ?? 0) - (bound[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

const littleEndian = (bytes: Uint8Array): bigint => {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0)
  return value
}

const requireSeed = (seed: Uint8Array): Uint8Array => {
  if (seed.length === seedLength) return seed
  throw new SqlError("22023", `expected a seed of ${seedLength} bytes, got ${seed.length}`)
}
