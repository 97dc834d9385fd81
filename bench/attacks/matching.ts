/**
 * Matching tokens to public vectors without a single known pair: by how far each point is
 * from all others, which a rotation keeps, then by fitting a rotation to the best matches
 * and matching again (iterative closest points).
 */
import { fitRotation } from "./procrustes.ts"
import { dot, type Rows, unrotate } from "./victim.ts"

const steps = 6
const quantiles = 48

/** Quantiles of a point's inner products with all others. */
const profiles = (points: Rows): Float64Array[] =>
  points.map((point) => {
    const products = points.map((other) => dot(point, other)).sort((a, b) => a - b)
    return Float64Array.from(
      { length: quantiles },
      (_, q) => products[Math.round((q / (quantiles - 1)) * (products.length - 1))] as number,
    )
  })

/** Each profile less the mean over all, and scaled: noise shifts all of a collection's profiles alike. */
const standardised = (rows: Float64Array[]): Float64Array[] => {
  const columns = Array.from({ length: quantiles }, (_, q) => rows.map((row) => row[q] as number))
  const centre = columns.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length)
  const spread = columns.map(
    (values, q) =>
      Math.sqrt(values.reduce((sum, value) => sum + (value - (centre[q] as number)) ** 2, 0) / values.length) || 1,
  )
  return rows.map((row) => row.map((value, q) => (value - (centre[q] as number)) / (spread[q] as number)))
}

interface Match {
  token: number
  vector: number
  score: number
}

/** For each token its best vector, best scores first, each vector once. */
const assign = (scores: (token: number, vector: number) => number, tokens: number, vectors: number): Match[] => {
  const best: Match[] = []
  for (let token = 0; token < tokens; token++) {
    for (let vector = 0; vector < vectors; vector++) best.push({ token, vector, score: scores(token, vector) })
  }
  best.sort((a, b) => b.score - a.score)
  const takenTokens = new Set<number>()
  const takenVectors = new Set<number>()
  return best.filter(({ token, vector }) => {
    if (takenTokens.has(token) || takenVectors.has(vector)) return false
    takenTokens.add(token)
    takenVectors.add(vector)
    return true
  })
}

export interface Matching {
  /** For each token the vector that it is taken for. */
  readonly vectorOf: readonly number[]
  /** The tokens as vectors, by the rotation that the matches give. */
  readonly recovered: Float64Array[]
}

export const matchTokens = (tokens: Rows, vectors: Rows): Matching => {
  const [a, b] = [standardised(profiles(tokens)), standardised(profiles(vectors))]
  const distance = (x: Float64Array, y: Float64Array) =>
    -x.reduce((sum, value, i) => sum + (value - (y[i] as number)) ** 2, 0)
  let matches = assign(
    (token, vector) => distance(a[token] as Float64Array, b[vector] as Float64Array),
    tokens.length,
    vectors.length,
  )
  let recovered: Float64Array[] = []
  for (let step = 0; step < steps; step++) {
    // The best half first: wrong pairs pull the rotation anywhere.
    const used = matches.slice(0, Math.ceil((matches.length * (step + 2)) / (steps + 1)))
    const rotation = fitRotation(
      used.map(({ vector }) => vectors[vector] as Float64Array),
      used.map(({ token }) => tokens[token] as Float64Array),
    )
    recovered = unrotate(rotation, tokens)
    matches = assign(
      (token, vector) => dot(recovered[token] as Float64Array, vectors[vector] as Float64Array),
      tokens.length,
      vectors.length,
    )
  }
  const vectorOf: number[] = []
  for (const { token, vector } of matches) vectorOf[token] = vector
  return { vectorOf, recovered }
}
