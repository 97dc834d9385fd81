import type { Edges } from "./edges.ts"

/**
 * Neighbours of every vertex in compressed rows: those of v are at positions start[v] to
 * start[v + 1] - 1 of `neighbour` and `weight`; `reverse` is the position of the same edge at
 * its other end. Parallel edges stay apart.
 */
export interface Adjacency {
  readonly vertexCount: number
  readonly start: Int32Array
  readonly neighbour: Int32Array
  readonly weight: Float64Array
  readonly reverse: Int32Array
}

/** Rows of the first `edgeCount` edges; self-loops and weights of 0 are left out. */
export const adjacencyOf = (vertexCount: number, edges: Edges, edgeCount: number): Adjacency => {
  const { source, target, weight } = edges
  const start = new Int32Array(vertexCount + 1)
  for (let i = 0; i < edgeCount; i++) {
    if (source[i] === target[i] || weight[i] === 0) continue
    start[source[i]! + 1]!++
    start[target[i]! + 1]!++
  }
  for (let v = 0; v < vertexCount; v++) start[v + 1]! += start[v]!
  const arcs = start[vertexCount]!
  const next = start.slice(0, vertexCount)
  const neighbour = new Int32Array(arcs)
  const arcWeight = new Float64Array(arcs)
  const reverse = new Int32Array(arcs)
  for (let i = 0; i < edgeCount; i++) {
    const a = source[i]!
    const b = target[i]!
    const w = weight[i]!
    if (a === b || w === 0) continue
    const forth = next[a]!++
    const back = next[b]!++
    neighbour[forth] = b
    neighbour[back] = a
    arcWeight[forth] = w
    arcWeight[back] = w
    reverse[forth] = back
    reverse[back] = forth
  }
  return { vertexCount, start, neighbour, weight: arcWeight, reverse }
}
