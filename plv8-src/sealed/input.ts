/** Vectors as they come in: checked, and as float32 bit for bit. */
import { SqlError } from "../errors.ts"
import type { SealedShape } from "./options.ts"

/** Floats of a collection; numbers are rounded to float32 as pgvector does. */
export type VectorInput = Float32Array | readonly number[]

/** A copy as float32. Throws SqlError 22023 for the wrong dimension, 22000 for NaN and infinity. */
export const toFloats = (vector: VectorInput, dimensions: number): Float32Array => {
  if (!(vector instanceof Float32Array) && !Array.isArray(vector)) {
    throw new SqlError("22023", "expected a vector as Float32Array or array of numbers")
  }
  if (vector.length !== dimensions) {
    throw new SqlError("22023", `expected ${dimensions} dimensions, got ${vector.length}`)
  }
  const floats = new Float32Array(vector)
  for (let i = 0; i < dimensions; i++) {
    const value = floats[i] as number
    if (!(value - value === 0) || typeof vector[i] !== "number") {
      throw new SqlError("22000", `expected finite numbers, got ${String(vector[i])} at position ${i + 1}`)
    }
  }
  return floats
}

/** Euclidean norm in binary64, summed from the first coordinate on. */
export const normOf = (values: Float32Array | Float64Array, length = values.length): number => {
  let sum = 0
  for (let i = 0; i < length; i++) {
    const value = values[i] as number
    sum += value * value
  }
  return Math.sqrt(sum)
}

/**
 * The metric's lift, into the first coordinates of `out`, which is otherwise zero: what the
 * server compares by distance orders as the metric does.
 *
 * cosine: v/|v|. l2: v/R. ip: a document is [v/R, sqrt(1 - |v/R|^2)], a query [q/|q|, 0].
 * Throws SqlError 22023 for a zero vector under cosine, a zero query under ip, and |v| > R.
 */
export const lift = (shape: SealedShape, vector: Float32Array, isQuery: boolean, out: Float64Array): void => {
  const { dimensions, metric, radius } = shape
  const norm = normOf(vector)
  const byDirection = metric === "cosine" || (metric === "ip" && isQuery)
  if (byDirection && norm === 0) {
    throw new SqlError("22023", `expected a ${isQuery ? "query" : "vector"} with a direction, got only zeros`)
  }
  if (!byDirection && norm > radius) {
    throw new SqlError("22023", `expected a vector of norm at most ${radius}, got ${norm}`, {
      hint: "The radius is part of the keys: a larger one takes a new collection.",
    })
  }
  const divisor = byDirection ? norm : radius
  for (let i = 0; i < dimensions; i++) out[i] = (vector[i] as number) / divisor
  if (metric !== "ip") return
  let sum = 0
  if (!isQuery) for (let i = 0; i < dimensions; i++) sum += (out[i] as number) * (out[i] as number)
  out[dimensions] = isQuery ? 0 : Math.sqrt(Math.max(0, 1 - sum))
}
