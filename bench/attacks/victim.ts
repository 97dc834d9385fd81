/** What an attacker sees of a sealed collection, and the truth to judge by. */
import { nodeCrypto } from "../../client/sealed/node-crypto.ts"
import { bytesToFloats } from "../../plv8-src/sealed/bytes.ts"
import { deriveKeys, type SealedKeys } from "../../plv8-src/sealed/keys.ts"
import { type SealedOptions, shapeOf } from "../../plv8-src/sealed/options.ts"
import { rotate } from "../../plv8-src/sealed/rotation.ts"
import { halfToNumber } from "../../plv8-src/sealed/round.ts"
import { Tokenizer, vectorNonce } from "../../plv8-src/sealed/token.ts"

/** Fixed, as the roots are: the same figures in every run. */
const collection = "7d1fb1ad-5b4c-4c52-9a3e-000000000002"

/** Rows of numbers of equal length. */
export type Rows = readonly Float64Array[]

export const unit = (vector: ArrayLike<number>): Float64Array => {
  const values = Float64Array.from(vector)
  let sum = 0
  for (const value of values) sum += value * value
  const scale = 1 / Math.sqrt(sum)
  return values.map((value) => value * scale)
}

export const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** A collection sealed under a root of its own. */
export class Victim {
  readonly keys: SealedKeys
  readonly #tokenizer: Tokenizer

  constructor(dimensions: number, options: Partial<SealedOptions>, rootFill: number) {
    const shape = shapeOf({ collection, dimensions, ...options })
    this.keys = deriveKeys(nodeCrypto, new Uint8Array(32).fill(rootFill), shape)
    this.#tokenizer = new Tokenizer(nodeCrypto, this.keys)
  }

  /** Tokens of documents as numbers; bits as -1 and 1 over the square root of their number. */
  tokens(vectors: readonly Float32Array[]): Float64Array[] {
    const { kind, padded } = this.keys.shape
    return vectors.map((vector) => {
      const bytes = this.#tokenizer.token(vector, vectorNonce(nodeCrypto, this.keys.nonce, vector), false)
      if (kind === "vector") return Float64Array.from(bytesToFloats(bytes))
      if (kind === "halfvec") {
        return Float64Array.from({ length: padded }, (_, i) =>
          halfToNumber((bytes[2 * i] as number) | ((bytes[2 * i + 1] as number) << 8)),
        )
      }
      const size = 1 / Math.sqrt(padded)
      return Float64Array.from({ length: padded }, (_, i) =>
        ((bytes[i >> 3] as number) << (i & 7)) & 0x80 ? size : -size,
      )
    })
  }

  /** The columns of the rotation: what an attack can learn at most. */
  rotation(): Float64Array[] {
    const { rotation, shape } = this.keys
    if (rotation === undefined) throw new RangeError("no rotation")
    return Array.from({ length: shape.lifted }, (_, i) => {
      const values = new Float64Array(rotation.size)
      values[i] = 1
      rotate(rotation, values, new Float64Array(rotation.size))
      return values.map((value) => value * rotation.scale)
    })
  }
}

/** Recovered vectors under a known rotation: its transpose times the token. */
export const unrotate = (columns: Rows, tokens: Rows): Float64Array[] =>
  tokens.map((token) => unit(columns.map((column) => dot(column, token))))
