/** Records on their way into a collection, and what a collection cannot hold. */
import type { Metadata, Metric } from "../../client/index.ts"

/** One record of a source; `position` counts from 1: the line of a text file, the row of an array. */
export type SourceRecord =
  | { position: number; id: string; vector: ArrayLike<number>; metadata: Metadata }
  | { position: number; problem: string; raw: string }

/** A source that can be read from its beginning; `total` is the number of records. */
export interface Source {
  total: number
  records(): AsyncIterable<SourceRecord>
}

export interface Shape {
  dimensions: number
  metric: Metric
  storage: "vector" | "halfvec"
}

export interface Row {
  position: number
  id: string
  vector: Float32Array
  metadata: Metadata
}

const HALF_MAX = 65_519.99

/** Why a collection cannot hold a record; undefined when it can. The same rules as penstock.upsert_many and the table. */
export function problemOf(
  id: string,
  vector: ArrayLike<number>,
  { dimensions, metric, storage }: Shape,
): string | undefined {
  const bytes = Buffer.byteLength(id)
  if (bytes < 1 || bytes > 1024) return `expected an id of 1 to 1024 bytes, got ${bytes}`
  if (id.includes("\0")) return "expected an id without NUL characters"
  if (vector.length !== dimensions) return `expected ${dimensions} dimensions, got ${vector.length}`
  const most = storage === "halfvec" ? HALF_MAX : 3.402_823_5e38
  let zero = true
  for (let i = 0; i < vector.length; i++) {
    const value: unknown = vector[i]
    if (typeof value !== "number" || !Number.isFinite(value))
      return `vector[${i}]: expected a finite number, got ${String(value)}`
    if (Math.abs(value) > most) return `vector[${i}]: ${value} is out of range for ${storage}`
    if (Math.fround(value) !== 0) zero = false
  }
  return zero && metric === "cosine"
    ? "expected a vector with a direction, got only zeros, which cosine cannot compare"
    : undefined
}

/** Reads id, vector and metadata out of a parsed JSON object. */
export function fromJson(position: number, value: unknown, raw: string): SourceRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { position, problem: "expected a JSON object with id and vector", raw }
  }
  const { id, vector, metadata = {} } = value as { id?: unknown; vector?: unknown; metadata?: unknown }
  if (typeof id !== "string" && typeof id !== "number")
    return { position, problem: "expected an id that is a text or a number", raw }
  if (!Array.isArray(vector)) return { position, problem: "expected a vector that is a list of numbers", raw }
  if (metadata !== null && (typeof metadata !== "object" || Array.isArray(metadata))) {
    return { position, problem: "expected metadata that is a JSON object", raw }
  }
  return { position, id: String(id), vector: vector as number[], metadata: (metadata ?? {}) as Metadata }
}
