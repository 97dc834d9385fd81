/**
 * Orthogonal Procrustes (Schoenemann 1966): the rotation that brings vectors nearest to
 * their tokens, from the singular value decomposition of the sum of their outer products.
 */
import { Matrix, SVD } from "ml-matrix"
import { unit, type Rows } from "./victim.ts"

/** Columns of the fitted rotation: column i is the image of the i-th unit vector. */
export const fitRotation = (vectors: Rows, tokens: Rows): Float64Array[] => {
  const d = vectors[0]?.length ?? 0
  const D = tokens[0]?.length ?? 0
  const sums = Array.from({ length: D }, () => new Float64Array(d))
  for (const [n, token] of tokens.entries()) {
    const vector = vectors[n] as Float64Array
    for (let row = 0; row < D; row++) {
      const factor = token[row] as number
      const target = sums[row] as Float64Array
      for (let column = 0; column < d; column++)
        target[column] = (target[column] as number) + factor * (vector[column] as number)
    }
  }
  const { leftSingularVectors: u, rightSingularVectors: v } = new SVD(new Matrix(sums.map((row) => [...row])))
  const fitted = u.mmul(v.transpose())
  return Array.from({ length: d }, (_, i) => Float64Array.from(fitted.getColumn(i)))
}

/** The mean direction of several recovered versions of each vector. */
export const averaged = (versions: readonly Rows[]): Float64Array[] =>
  (versions[0] ?? []).map((first, i) => {
    const sum = new Float64Array(first.length)
    for (const version of versions)
      for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] as number) + ((version[i] as Float64Array)[j] as number)
    return unit(sum)
  })
