/** Exact distances, as pgvector defines them, in binary64. */
import type { Metric } from "./options.ts"

/** cosine: 1 - cos; l2: Euclidean; ip: the negative inner product. Smaller is nearer. */
export const exactDistance = (metric: Metric, a: Float32Array, b: Float32Array): number => {
  let dot = 0
  let aa = 0
  let bb = 0
  if (metric === "l2") {
    for (let i = 0; i < a.length; i++) {
      const difference = (a[i] as number) - (b[i] as number)
      dot += difference * difference
    }
    return Math.sqrt(dot)
  }
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number
    const y = b[i] as number
    dot += x * y
    aa += x * x
    bb += y * y
  }
  return metric === "ip" ? -dot + 0 : 1 - dot / (Math.sqrt(aa) * Math.sqrt(bb))
}
