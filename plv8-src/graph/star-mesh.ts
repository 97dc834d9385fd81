import type { Edges } from "./edges.ts"
import { center, type Operator } from "./lanczos.ts"

/** Entries of the eliminated stars beyond which elimination is given up: about 300 MB. */
const MAX_ENTRIES = 10_000_000

/** Neighbours of every node with the weight to each, parallel edges added up. */
const neighbourMaps = (nodeCount: number, edges: Edges): Map<number, number>[] => {
  const maps = Array.from({ length: nodeCount }, () => new Map<number, number>())
  for (let i = 0; i < edges.source.length; i++) {
    const a = edges.source[i]!
    const b = edges.target[i]!
    const w = edges.weight[i]!
    if (a === b || w === 0) continue
    maps[a]!.set(b, (maps[a]!.get(b) ?? 0) + w)
    maps[b]!.set(a, (maps[b]!.get(a) ?? 0) + w)
  }
  return maps
}

/** Nodes by number of neighbours, to eliminate those with fewest first; stale entries are skipped when met. */
const degreeBuckets = (maps: readonly (Map<number, number> | null)[], ground: number) => {
  const buckets: number[][] = []
  let lowest = 0
  const put = (node: number): void => {
    if (node === ground) return
    const degree = maps[node]!.size
    ;(buckets[degree] ??= []).push(node)
    if (degree < lowest) lowest = degree
  }
  const take = (): number => {
    for (;;) {
      const bucket = buckets[lowest]
      if (bucket === undefined || bucket.length === 0) {
        lowest++
        continue
      }
      const node = bucket.pop()!
      if (maps[node]?.size === lowest) return node
    }
  }
  for (let node = 0; node < maps.length; node++) put(node)
  return { put, take }
}

/**
 * The inverse of a connected graph's Laplacian on the vectors with zero sum, or null when the
 * elimination would fill too much memory.
 *
 * Nodes are eliminated one by one, fewest neighbours first (minimum degree order). Eliminating
 * a node replaces its star by a mesh: neighbours a and b get an edge of weight w_a w_b / (sum of
 * the star). That is Gaussian elimination of the Laplacian written without a single
 * subtraction (the degree is summed anew from the star), so each pivot has a small relative
 * error however different the weights are; the node kept for last is the ground.
 * O'Cinneide, "Entrywise perturbation theory and error analysis for Markov chains", 1993;
 * Grassmann, Taksar, Heyman 1985.
 */
export const starMeshInverse = (nodeCount: number, edges: Edges, degree: Float64Array): Operator | null => {
  let ground = 0
  for (let i = 1; i < nodeCount; i++) if (degree[i]! > degree[ground]!) ground = i
  const maps: (Map<number, number> | null)[] = neighbourMaps(nodeCount, edges)
  const { put, take } = degreeBuckets(maps, ground)
  const eliminated = new Int32Array(nodeCount - 1)
  const start = new Int32Array(nodeCount)
  const pivot = new Float64Array(nodeCount - 1)
  const ends: number[] = []
  const weights: number[] = []
  for (let step = 0; step < nodeCount - 1; step++) {
    const node = take()
    const star = [...maps[node]!]
    maps[node] = null
    if (ends.length + star.length > MAX_ENTRIES) return null
    let sum = 0
    for (const [end, weight] of star) {
      sum += weight
      ends.push(end)
      weights.push(weight)
      maps[end]!.delete(node)
    }
    eliminated[step] = node
    start[step + 1] = ends.length
    pivot[step] = sum
    for (let a = 0; a < star.length; a++) {
      const [endA, weightA] = star[a]!
      const mapA = maps[endA]!
      for (let b = a + 1; b < star.length; b++) {
        const [endB, weightB] = star[b]!
        const weight = (mapA.get(endB) ?? 0) + (weightA / sum) * weightB
        mapA.set(endB, weight)
        maps[endB]!.set(endA, weight)
      }
    }
    for (const [end] of star) put(end)
  }
  const end = Int32Array.from(ends)
  const weight = Float64Array.from(weights)
  const work = new Float64Array(nodeCount)
  return (x, y) => {
    work.set(x)
    for (let step = 0; step < nodeCount - 1; step++) {
      const flow = work[eliminated[step]!]! / pivot[step]!
      for (let i = start[step]!; i < start[step + 1]!; i++) work[end[i]!]! += flow * weight[i]!
    }
    work[ground] = 0
    for (let step = nodeCount - 2; step >= 0; step--) {
      let sum = work[eliminated[step]!]!
      for (let i = start[step]!; i < start[step + 1]!; i++) sum += weight[i]! * work[end[i]!]!
      work[eliminated[step]!] = sum / pivot[step]!
    }
    y.set(work)
    center(y)
  }
}

/** The same for a matrix of weights; all nodes in order of their degree, lightest first. */
export const starMeshInverseOfMatrix = (nodeCount: number, matrix: Float64Array, degree: Float64Array): Operator => {
  const n = nodeCount
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => degree[a]! - degree[b]!)
  const mesh = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) mesh[i * n + j] = matrix[order[i]! * n + order[j]!]!
  const pivot = new Float64Array(n - 1)
  for (let k = 0; k < n - 1; k++) {
    const star = k * n
    let sum = 0
    for (let j = k + 1; j < n; j++) sum += mesh[star + j]!
    pivot[k] = sum
    for (let i = k + 1; i < n - 1; i++) {
      const share = mesh[star + i]! / sum
      if (share === 0) continue
      const row = i * n
      for (let j = i + 1; j < n; j++) mesh[row + j]! += share * mesh[star + j]!
    }
  }
  const work = new Float64Array(n)
  return (x, y) => {
    for (let i = 0; i < n; i++) work[i] = x[order[i]!]!
    for (let k = 0; k < n - 1; k++) {
      const flow = work[k]! / pivot[k]!
      for (let j = k + 1, at = k * n + j; j < n; j++, at++) work[j]! += flow * mesh[at]!
    }
    work[n - 1] = 0
    for (let k = n - 2; k >= 0; k--) {
      let sum = work[k]!
      for (let j = k + 1, at = k * n + j; j < n; j++, at++) sum += mesh[at]! * work[j]!
      work[k] = sum / pivot[k]!
    }
    for (let i = 0; i < n; i++) y[order[i]!] = work[i]!
    center(y)
  }
}
