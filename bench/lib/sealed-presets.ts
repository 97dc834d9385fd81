/**
 * What the noise costs in recall: the share of the true ten nearest that are among the k'
 * nearest tokens, by comparing all of them, so that no index has a part in it.
 */
import { randomUUID } from "node:crypto"
import { nodeCrypto } from "../../client/sealed/node-crypto.ts"
import { deriveKeys } from "../../plv8-src/sealed/keys.ts"
import { presets, type Preset, shapeOf } from "../../plv8-src/sealed/options.ts"
import { halfToNumber } from "../../plv8-src/sealed/round.ts"
import { Tokenizer, vectorNonce } from "../../plv8-src/sealed/token.ts"
import type { Report } from "./report.ts"
import { Mixture } from "./vectors.ts"

const rows = 20_000
const queryCount = 50
const k = 10
const candidateCounts = [10, 50, 100, 200] as const

/** Positions of the nearest, nearest first, by scores that grow with nearness. */
const nearest = (scores: Float64Array, count: number): number[] =>
  Array.from(scores.keys())
    .sort((a, b) => (scores[b] as number) - (scores[a] as number))
    .slice(0, count)

const dots = (query: ArrayLike<number>, vectors: readonly Float32Array[]): Float64Array =>
  Float64Array.from(vectors, (vector) => {
    let sum = 0
    for (let i = 0; i < vector.length; i++) sum += (vector[i] as number) * (query[i] as number)
    return sum
  })

export const measurePresets = (report: Report, dimensions: number): void => {
  const mixture = new Mixture({ seed: 20_261_128, dimensions })
  const data = Array.from({ length: rows }, () => mixture.next().vector)
  const queries = Array.from({ length: queryCount }, () => mixture.next().vector)
  const truth = queries.map((query) => new Set(nearest(dots(query, data), k)))
  for (const [name, options] of [
    ...(Object.keys(presets) as Preset[]).map((noise) => [`${noise}, halfvec tokens`, { noise }] as const),
    ["standard, bits", { noise: "standard", level: "bits" }] as const,
  ]) {
    const shape = shapeOf({ collection: randomUUID(), dimensions, ...options })
    const keys = deriveKeys(nodeCrypto, new Uint8Array(32).fill(3), shape)
    const tokenizer = new Tokenizer(nodeCrypto, keys)
    const token = (vector: Float32Array, isQuery: boolean): Float32Array => {
      const nonce = vectorNonce(nodeCrypto, isQuery ? keys.queryNonce : keys.nonce, vector)
      const bytes = tokenizer.token(vector, nonce, isQuery)
      if (shape.kind === "halfvec") {
        return Float32Array.from({ length: shape.padded }, (_, i) =>
          halfToNumber((bytes[2 * i] as number) | ((bytes[2 * i + 1] as number) << 8)),
        )
      }
      return Float32Array.from({ length: shape.padded }, (_, i) =>
        ((bytes[i >> 3] as number) << (i & 7)) & 0x80 ? 1 : -1,
      )
    }
    const tokens = data.map((vector) => token(vector, false))
    const found = candidateCounts.map(() => 0)
    for (const [i, query] of queries.entries()) {
      const order = nearest(dots(token(query, true), tokens), Math.max(...candidateCounts))
      for (const [c, count] of candidateCounts.entries()) {
        found[c] = (found[c] as number) + order.slice(0, count).filter((at) => truth[i]?.has(at)).length
      }
    }
    const shares = candidateCounts.map(
      (count, c) => `${((found[c] as number) / (k * queryCount)).toFixed(3)} at k' ${count}`,
    )
    report.fact(`${dimensions}: recall@${k} of ${name}, ${rows} rows, no index`, shares.join(", "))
  }
}
