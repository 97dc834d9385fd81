import type { Edges } from "./edges.ts"
import { exactIntegers } from "./exact-integers.ts"

/**
 * What is left of a graph when all vertices that no minimum cut separates are contracted,
 * with its weights as exact integers. Rows as in adjacency.ts, parallel edges added up.
 */
export interface Kernel {
  readonly nodeCount: number
  readonly vertexCount: number
  /** Nodes of the whole graph in each vertex, and the least of them. */
  readonly size: Int32Array
  readonly leastNode: Int32Array
  readonly start: Int32Array
  readonly neighbour: Int32Array
  readonly reverse: Int32Array
  readonly capacity: readonly bigint[]
  /** The value of a minimum cut, where it is known exactly. */
  readonly minimum: bigint | null
}

export const kernelOf = (label: Int32Array, vertexCount: number, edges: Edges, minimum: number | null): Kernel => {
  const { source, target, weight } = edges
  const size = new Int32Array(vertexCount)
  const leastNode = new Int32Array(vertexCount)
  for (let node = label.length - 1; node >= 0; node--) {
    size[label[node]!]!++
    leastNode[label[node]!] = node
  }
  const crossing: number[] = []
  for (let i = 0; i < source.length; i++)
    if (label[source[i]!] !== label[target[i]!] && weight[i]! > 0) crossing.push(i)
  // The minimum goes last, to get the same unit.
  const exact = exactIntegers([...crossing.map((i) => weight[i]!), minimum ?? 0])
  const pairs = new Map<number, { a: number; b: number; capacity: bigint }>()
  for (let i = 0; i < crossing.length; i++) {
    const p = label[source[crossing[i]!]!]!
    const q = label[target[crossing[i]!]!]!
    const a = Math.min(p, q)
    const b = Math.max(p, q)
    const pair = pairs.get(a * vertexCount + b)
    if (pair === undefined) pairs.set(a * vertexCount + b, { a, b, capacity: exact[i]! })
    else pair.capacity += exact[i]!
  }
  const start = new Int32Array(vertexCount + 1)
  for (const { a, b } of pairs.values()) {
    start[a + 1]!++
    start[b + 1]!++
  }
  for (let v = 0; v < vertexCount; v++) start[v + 1]! += start[v]!
  const next = start.slice(0, vertexCount)
  const neighbour = new Int32Array(2 * pairs.size)
  const reverse = new Int32Array(2 * pairs.size)
  const capacity = Array.from({ length: 2 * pairs.size }, () => 0n)
  for (const { a, b, capacity: c } of pairs.values()) {
    const forth = next[a]!++
    const back = next[b]!++
    neighbour[forth] = b
    neighbour[back] = a
    reverse[forth] = back
    reverse[back] = forth
    capacity[forth] = c
    capacity[back] = c
  }
  return {
    nodeCount: label.length,
    vertexCount,
    size,
    leastNode,
    start,
    neighbour,
    reverse,
    capacity,
    minimum: minimum === null ? null : exact.at(-1)!,
  }
}
