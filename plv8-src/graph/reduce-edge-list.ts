import { contractAt, contractAtHalf, type CutSearch, improve, relabel } from "./cut-search.ts"
import type { Edges } from "./edges.ts"
import { numberSets, singletons, unite } from "./union-find.ts"

/** A contracted graph as an edge list (the first `edgeCount` entries) with its vertices' degrees. */
export interface EdgeList extends Edges {
  readonly vertexCount: number
  readonly edgeCount: number
  readonly degree: Float64Array
}

/** The graph before any contraction: its edges, the largest weight, every node's degree. */
export interface WholeGraph {
  readonly edges: Edges
  readonly largest: number
  readonly degree: Float64Array
}

/** A pass over a graph with this many edges a vertex costs more than it can hope to contract. */
const DENSE_EDGES_PER_VERTEX = 20

export const addDegrees = (edges: Edges, edgeCount: number, degree: Float64Array): void => {
  const { source, target, weight } = edges
  for (let i = 0; i < edgeCount; i++) {
    const a = source[i]!
    const b = target[i]!
    if (a === b) continue
    const w = weight[i]!
    degree[a]! += w
    degree[b]! += w
  }
}

/** Records the least degree when it beats the bound. */
export const improveByDegree = (search: CutSearch, vertexCount: number, degree: Float64Array): void => {
  let least = 0
  for (let i = 1; i < vertexCount; i++) if (degree[i]! < degree[least]!) least = i
  if (degree[least]! < search.bound) improve(search, degree[least]!, (vertex) => vertex === least)
}

/**
 * One round of the tests of Padberg and Rinaldi, "An efficient algorithm for the minimum
 * capacity cut problem", 1990, straight over the edge list. An edge xy is contracted when
 * 1. its weight alone is enough connectivity, or
 * 2. it has half of y's degree (see contractAtHalf): moving y across a cut that separates x and y
 *    makes the cut no worse, unless y is alone, and that cut is known.
 * Test 2 reasons about y's degree, so y must not have been contracted in this round.
 */
const uniteHeavyEdges = (search: CutSearch, list: EdgeList, parent: Int32Array): number => {
  const { vertexCount, edgeCount, source, target, weight, degree } = list
  const enough = contractAt(search)
  const touched = new Uint8Array(vertexCount)
  const half = new Float64Array(vertexCount)
  for (let i = 0; i < vertexCount; i++) half[i] = contractAtHalf(search, degree[i]!)
  singletons(parent, vertexCount)
  let united = 0
  let byHalf = false
  for (let i = 0; i < edgeCount; i++) {
    const a = source[i]!
    const b = target[i]!
    const w = weight[i]!
    if (a === b || w === 0) continue
    const heavy = w >= enough
    if (!heavy && (touched[a] === 1 || w < half[a]!) && (touched[b] === 1 || w < half[b]!)) continue
    if (!unite(parent, a, b)) continue
    if (!heavy) byHalf = true
    united++
    touched[a] = 1
    touched[b] = 1
  }
  if (byHalf && !search.keepTies) search.tiesLost = true
  return united
}

/** The edges between different vertices of the contracted graph, written over `into`. */
const renameEdges = (list: Edges, edgeCount: number, rename: Int32Array, into: Edges): number => {
  const { source, target, weight } = list
  let kept = 0
  for (let i = 0; i < edgeCount; i++) {
    const a = rename[source[i]!]!
    const b = rename[target[i]!]!
    const w = weight[i]!
    if (a === b || w === 0) continue
    into.source[kept] = a
    into.target[kept] = b
    into.weight[kept] = w
    kept++
  }
  return kept
}

const emptyEdges = (count: number): Edges => ({
  source: new Int32Array(count),
  target: new Int32Array(count),
  weight: new Float64Array(count),
})

/** The contracted graph of `search` from the whole graph's edges and degrees. */
const contractedEdges = (search: CutSearch, edges: Edges, degrees: Float64Array): EdgeList => {
  const { vertexCount, nodeCount, label } = search
  const count = edges.source.length
  if (vertexCount === nodeCount) return { ...edges, vertexCount, edgeCount: count, degree: degrees }
  const own = emptyEdges(count)
  const edgeCount = renameEdges(edges, count, label, own)
  const degree = new Float64Array(vertexCount)
  addDegrees(own, edgeCount, degree)
  return { ...own, vertexCount, edgeCount, degree }
}

/** Repeats the round while it contracts a fifth of the vertices or more: most sparse graphs end here, in O(m). */
export const reduceEdgeList = (search: CutSearch, graph: WholeGraph): EdgeList => {
  const { edges } = graph
  let list = contractedEdges(search, edges, graph.degree)
  improveByDegree(search, list.vertexCount, list.degree)
  const dense = list.edgeCount >= list.vertexCount * DENSE_EDGES_PER_VERTEX
  if (dense && graph.largest < contractAt(search)) return list
  const parent = new Int32Array(list.vertexCount)
  const rename = new Int32Array(list.vertexCount)
  while (list.vertexCount > 2 && search.bound > 0 && uniteHeavyEdges(search, list, parent) > 0) {
    const before = list.vertexCount
    const vertexCount = numberSets(parent, before, rename)
    relabel(search, rename, vertexCount)
    const into: Edges = list.source === edges.source ? emptyEdges(list.edgeCount) : list
    const edgeCount = renameEdges(list, list.edgeCount, rename, into)
    const degree = new Float64Array(vertexCount)
    addDegrees(into, edgeCount, degree)
    list = { source: into.source, target: into.target, weight: into.weight, vertexCount, edgeCount, degree }
    if (vertexCount > 1) improveByDegree(search, vertexCount, degree)
    if (vertexCount > before * 0.8) break
  }
  return list
}
