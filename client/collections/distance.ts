/** Distances as pgvector defines them, exact up to rounding. */
import type { Metric } from "./collection.ts"

type Distance = (a: Float32Array, b: Float32Array) => number

const sum = (a: Float32Array, term: (i: number) => number): number => {
  let total = 0
  for (let i = 0; i < a.length; i++) total += term(i)
  return total
}

const dot: Distance = (a, b) => sum(a, (i) => (a[i] as number) * (b[i] as number))

/** cosine: 1 - cos, NaN for a vector without a direction; l2 and l1: length of the difference; ip: negative inner product. */
export const distances: Readonly<Record<Metric, Distance>> = {
  cosine: (a, b) => 1 - Math.max(-1, Math.min(1, dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)))),
  l2: (a, b) => Math.sqrt(sum(a, (i) => ((a[i] as number) - (b[i] as number)) ** 2)),
  ip: (a, b) => -dot(a, b),
  l1: (a, b) => sum(a, (i) => Math.abs((a[i] as number) - (b[i] as number))),
}

export function similarityOf(metric: Metric, distance: number): number {
  if (metric === "cosine") return 1 - distance
  return metric === "ip" ? -distance : 1 / (1 + distance)
}

export const isZero = (vector: Float32Array): boolean => vector.every((value) => value === 0)
