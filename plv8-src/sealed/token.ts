/**
 * Tokens: what the server compares. Lifted vector plus noise of a fixed length, rotated,
 * rounded once. After Fuchsbauer, Ghosal, Hauke, O'Neill, "Approximate
 * Distance-Comparison-Preserving Symmetric Encryption" (SCN 2022); with nonces derived from
 * the vector and noise of one length, so none of their theorems applies.
 *
 * All arithmetic is binary64 in one written order, without pow, log or trigonometry, so
 * that every engine gives the same bytes.
 */
import { floatsToBytes, lp } from "./bytes.ts"
import { nonceLength, type SealedCrypto } from "./crypto.ts"
import { lift, normOf } from "./input.ts"
import type { SealedKeys } from "./keys.ts"
import type { SealedShape } from "./options.ts"
import { rotate } from "./rotation.ts"
import { roundToHalves, roundToSingle } from "./round.ts"

/** Each coordinate of the noise's direction takes four u16 of the stream. */
const bytesPerNoise = 8

/** nonce = the first 16 bytes of HMAC(k, lp(bytes)): equal vectors have equal nonces, and tokens. */
export const vectorNonce = (crypto: SealedCrypto, key: Uint8Array, vector: Float32Array): Uint8Array =>
  crypto.hmac(key, lp(floatsToBytes(vector))).subarray(0, nonceLength)

/**
 * The direction of the noise: each coordinate is the sum of four little-endian u16 of the
 * stream, less 131070. Whole numbers, near a normal distribution (Irwin-Hall).
 */
export const noiseDirection = (bytes: Uint8Array, out: Float64Array): void => {
  const { length } = out
  for (let i = 0, at = 0; i < length; i++, at += bytesPerNoise) {
    const lows =
      (bytes[at] as number) + (bytes[at + 2] as number) + (bytes[at + 4] as number) + (bytes[at + 6] as number)
    const highs =
      (bytes[at + 1] as number) + (bytes[at + 3] as number) + (bytes[at + 5] as number) + (bytes[at + 7] as number)
    out[i] = lows + 256 * highs - 131_070
  }
}

/** r: the length of the noise. */
export const noiseRadius = ({ noise, dimensions }: SealedShape): number => (noise * Math.sqrt(dimensions)) / 1e7

/** What a token is made of, step by step; published test vectors show each. */
export interface TokenSteps {
  readonly u: Float64Array
  readonly uNorm: number
  readonly r: number
  readonly y: Float64Array
  readonly bytes: Uint8Array
}

/** Makes tokens under one set of keys. Holds scratch space: one token at a time. */
export class Tokenizer {
  readonly #crypto: SealedCrypto
  readonly #keys: SealedKeys
  readonly #values: Float64Array
  readonly #scratch: Float64Array
  readonly #noise: Float64Array
  readonly #zeros: Uint8Array

  constructor(crypto: SealedCrypto, keys: SealedKeys) {
    const { padded, lifted } = keys.shape
    this.#crypto = crypto
    this.#keys = keys
    this.#values = new Float64Array(padded)
    this.#scratch = new Float64Array(padded)
    this.#noise = new Float64Array(lifted)
    this.#zeros = new Uint8Array(lifted * bytesPerNoise)
  }

  /** The token's bytes: little-endian float32 or binary16, or bits, the first one highest. */
  token(vector: Float32Array, nonce: Uint8Array, isQuery: boolean): Uint8Array {
    this.#place(vector, nonce, isQuery)
    return roundToken(this.#keys.shape, this.#values)
  }

  /** The same, showing every step. */
  trace(vector: Float32Array, nonce: Uint8Array, isQuery: boolean): TokenSteps {
    const bytes = this.token(vector, nonce, isQuery)
    const u = this.#noise.slice()
    return { u, uNorm: normOf(u), r: noiseRadius(this.#keys.shape), y: this.#values.slice(), bytes }
  }

  #place(vector: Float32Array, nonce: Uint8Array, isQuery: boolean): void {
    const { shape, rotation, noise, queryNoise } = this.#keys
    if (rotation === undefined) throw new RangeError("level sealed has no tokens")
    const values = this.#values
    values.fill(0)
    lift(shape, vector, isQuery, values)
    const key = this.#crypto.hmac(isQuery ? queryNoise : noise, nonce)
    const direction = this.#noise
    noiseDirection(this.#crypto.stream(key, this.#zeros), direction)
    const factor = noiseRadius(shape) / normOf(direction)
    // Not on the padding: noise there would be told from the data's by whoever knows the rotation.
    for (let i = 0; i < shape.lifted; i++) values[i] = (values[i] as number) + (direction[i] as number) * factor
    rotate(rotation, values, this.#scratch)
    if (shape.metric === "l2") {
      for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * rotation.scale
      return
    }
    const norm = normOf(values)
    for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / norm
  }
}

/** Rounds a token's coordinates to the bytes of its kind. Throws SqlError 22003 on overflow. */
export const roundToken = ({ kind }: Pick<SealedShape, "kind">, values: Float64Array): Uint8Array => {
  const { length } = values
  if (kind === "bits") {
    const bits = new Uint8Array(length / 8)
    for (let i = 0; i < length; i++) {
      if ((values[i] as number) > 0) bits[i >> 3] = (bits[i >> 3] as number) | (0x80 >> (i & 7))
    }
    return bits
  }
  if (kind === "halfvec") return roundToHalves(values)
  const floats = new Float32Array(length)
  for (let i = 0; i < length; i++) floats[i] = roundToSingle(values[i] as number)
  return floatsToBytes(floats)
}
