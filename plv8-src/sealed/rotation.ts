/**
 * The secret rotation Q: three rounds of signs, permutation and blockwise Hadamard
 * transform, then a final signed permutation. Orthogonal, so it keeps every distance.
 */
import { keyLength, type SealedCrypto } from "./crypto.ts"

/** One signed permutation: coordinate i of the result is sign[i] * coordinate from[i]. */
interface SignedPermutation {
  readonly from: Uint16Array
  readonly sign: Float64Array
}

export interface Rotation {
  readonly size: number
  /** The Hadamard blocks' length: the largest power of two that divides the size. */
  readonly block: number
  /** What makes three unscaled transforms orthogonal: 1 / (block * sqrt(block)). */
  readonly scale: number
  readonly rounds: readonly SignedPermutation[]
  readonly last: SignedPermutation
}

const roundCount = 3

/** Reads a key stream front to back, and makes it longer where rejection needs more. */
class StreamReader {
  readonly #crypto: SealedCrypto
  readonly #key: Uint8Array
  #bytes: Uint8Array
  #at = 0

  constructor(crypto: SealedCrypto, key: Uint8Array, expected: number) {
    this.#crypto = crypto
    this.#key = key
    this.#bytes = crypto.stream(key, new Uint8Array(expected))
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) {
      this.#bytes = this.#crypto.stream(this.#key, new Uint8Array(2 * this.#bytes.length + length))
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** Uniform in 0 .. bound - 1, from little-endian u32; draws beyond the last whole multiple of the bound are rejected. */
  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound)
    for (;;) {
      const [a = 0, b = 0, c = 0, d = 0] = this.take(4)
      const drawn = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
      if (drawn < limit) return drawn % bound
    }
  }
}

/**
 * Signs come first, one bit a coordinate, least significant bit first, 1 for minus; they
 * belong to coordinates before the permutation. Then Fisher-Yates from the last place down:
 * place i is swapped with one drawn from 0 .. i.
 */
const drawSignedPermutation = (size: number, stream: StreamReader): SignedPermutation => {
  const bits = stream.take(size / 8)
  const from = Uint16Array.from({ length: size }, (_, i) => i)
  for (let i = size - 1; i > 0; i--) {
    const j = stream.below(i + 1)
    const kept = from[i] as number
    from[i] = from[j] as number
    from[j] = kept
  }
  const sign = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const source = from[i] as number
    sign[i] = ((bits[source >> 3] as number) >> (source & 7)) & 1 ? -1 : 1
  }
  return { from, sign }
}

/** The rotation of `size` (a multiple of 128, below 65536) coordinates under a key. */
export const drawRotation = (crypto: SealedCrypto, key: Uint8Array, size: number): Rotation => {
  if (key.length !== keyLength || size % 128 !== 0 || size <= 0 || size > 0xffff) {
    throw new RangeError(`expected a key of ${keyLength} bytes and a multiple of 128 coordinates, got ${size}`)
  }
  let block = 1
  while (size % (2 * block) === 0) block *= 2
  const stream = new StreamReader(crypto, key, (roundCount + 1) * (size / 8 + 4 * size) + 256)
  const rounds = Array.from({ length: roundCount }, () => drawSignedPermutation(size, stream))
  const last = drawSignedPermutation(size, stream)
  return { size, block, scale: 1 / (block * Math.sqrt(block)), rounds, last }
}

const applySigned = ({ from, sign }: SignedPermutation, input: Float64Array, output: Float64Array): void => {
  for (let i = 0; i < from.length; i++) output[i] = (sign[i] as number) * (input[from[i] as number] as number)
}

/** A signed permutation and the first three levels (span 1, 2, 4) of the transform in one pass. */
const applyAndBegin = ({ from, sign }: SignedPermutation, input: Float64Array, output: Float64Array): void => {
  for (let i = 0; i < from.length; i += 8) {
    const a = (sign[i] as number) * (input[from[i] as number] as number)
    const b = (sign[i + 1] as number) * (input[from[i + 1] as number] as number)
    const c = (sign[i + 2] as number) * (input[from[i + 2] as number] as number)
    const d = (sign[i + 3] as number) * (input[from[i + 3] as number] as number)
    const e = (sign[i + 4] as number) * (input[from[i + 4] as number] as number)
    const f = (sign[i + 5] as number) * (input[from[i + 5] as number] as number)
    const g = (sign[i + 6] as number) * (input[from[i + 6] as number] as number)
    const h = (sign[i + 7] as number) * (input[from[i + 7] as number] as number)
    const p0 = a + b + (c + d)
    const p1 = a - b + (c - d)
    const p2 = a + b - (c + d)
    const p3 = a - b - (c - d)
    const q0 = e + f + (g + h)
    const q1 = e - f + (g - h)
    const q2 = e + f - (g + h)
    const q3 = e - f - (g - h)
    output[i] = p0 + q0
    output[i + 1] = p1 + q1
    output[i + 2] = p2 + q2
    output[i + 3] = p3 + q3
    output[i + 4] = p0 - q0
    output[i + 5] = p1 - q1
    output[i + 6] = p2 - q2
    output[i + 7] = p3 - q3
  }
}

/**
 * Q without its scale, in place; `scratch` has the same length and is overwritten. Each
 * transform adds in the order of the plain algorithm (span 1, 2, 4, ...), several levels at once.
 */
export const rotate = (rotation: Rotation, values: Float64Array, scratch: Float64Array): void => {
  let source = values
  let target = scratch
  for (const round of rotation.rounds) {
    applyAndBegin(round, source, target)
    finishHadamard(target, rotation.block, 8)
    const swap = source
    source = target
    target = swap
  }
  // An odd number of rounds: the result of the last step is in `values`.
  applySigned(rotation.last, source, target)
}

/** The levels of the Walsh-Hadamard transform of each block from `span` on, in place, unscaled. */
const finishHadamard = (values: Float64Array, block: number, span: number): void => {
  const { length } = values
  for (; span * 4 <= block; span *= 4) {
    for (let start = 0; start < length; start += 4 * span) {
      for (let i = start; i < start + span; i++) {
        const a = values[i] as number
        const b = values[i + span] as number
        const c = values[i + 2 * span] as number
        const d = values[i + 3 * span] as number
        values[i] = a + b + (c + d)
        values[i + span] = a - b + (c - d)
        values[i + 2 * span] = a + b - (c + d)
        values[i + 3 * span] = a - b - (c - d)
      }
    }
  }
  if (span === block) return
  for (let start = 0; start < length; start += 2 * span) {
    for (let i = start; i < start + span; i++) {
      const a = values[i] as number
      const b = values[i + span] as number
      values[i] = a + b
      values[i + span] = a - b
    }
  }
}
