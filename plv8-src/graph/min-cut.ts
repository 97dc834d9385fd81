import { commonUnit } from "./common-unit.ts"
import { components } from "./components.ts"
import { contractMatrix, matrixOf } from "./contract-matrix.ts"
import { contractSparse } from "./contract-sparse.ts"
import { type CutSearch, startSearch, tieSearch, valueSearch } from "./cut-search.ts"
import { checkEdges, type Edges, type EdgeSummary } from "./edges.ts"
import { exactSum } from "./exact-sum.ts"
import { kernelOf } from "./kernel.ts"
import { addDegrees, reduceEdgeList, type WholeGraph } from "./reduce-edge-list.ts"
import { smallestMinimumCut } from "./smallest-minimum-cut.ts"
import { find } from "./union-find.ts"

/** A global minimum cut of an undirected weighted graph. */
export interface MinCut {
  /** Sum of the witness edges' weights, correctly rounded. */
  readonly cutValue: number
  /** Nodes of the smaller side, ascending. */
  readonly side: number[]
  /** Positions, from 0, of the edges of positive weight that cross, ascending. */
  readonly witness: number[]
}

/** A matrix may have this many vertices, when the graph has this share of all pairs as edges. */
const MATRIX_VERTICES = 3000
const MATRIX_FILL = 8

const contract = (search: CutSearch, graph: WholeGraph): void => {
  const list = reduceEdgeList(search, graph)
  if (list.vertexCount <= 2) return
  const filled = list.edgeCount * MATRIX_FILL >= list.vertexCount * list.vertexCount
  if (filled && list.vertexCount <= MATRIX_VERTICES) contractMatrix(search, matrixOf(list))
  else contractSparse(search, list)
}

/** The graph with other weights, which stand for the same ones in another unit. */
const graphOf = (nodeCount: number, edges: Edges, summary: EdgeSummary, weight: Float64Array): WholeGraph => {
  if (weight === edges.weight) return { edges, ...summary }
  const own: Edges = { source: edges.source, target: edges.target, weight }
  const degree = new Float64Array(nodeCount)
  addDegrees(own, weight.length, degree)
  return { edges: own, largest: weight.reduce((a, b) => Math.max(a, b), 0), degree }
}

/** Flags of the smallest component, of several the one with the least node. */
const smallestComponent = (nodeCount: number, edges: Edges): Uint8Array => {
  const { parent } = components(nodeCount, edges)
  const size = new Int32Array(nodeCount)
  for (let node = 0; node < nodeCount; node++) size[find(parent, node)]!++
  let chosen = find(parent, 0)
  for (let node = 0; node < nodeCount; node++) {
    const root = find(parent, node)
    if (size[root]! < size[chosen]!) chosen = root
  }
  const inside = new Uint8Array(nodeCount)
  for (let node = 0; node < nodeCount; node++) inside[node] = find(parent, node) === chosen ? 1 : 0
  return inside
}

/** Makes the flags those of the smaller side; of equal sides the one with node 0. */
const turnToSmaller = (side: Uint8Array): Uint8Array => {
  let size = 0
  for (let node = 0; node < side.length; node++) size += side[node]!
  const flip = size * 2 === side.length ? side[0] === 0 : size * 2 > side.length
  if (flip) for (let node = 0; node < side.length; node++) side[node] = 1 - side[node]!
  return side
}

/**
 * Flags of the canonical minimum cut's smaller side, for two nodes or more.
 *
 * First contraction down to what holds all minimum cuts that may be smallest; anew, with what it
 * found, if some were lost before a cut was found that is better than any node's. If that stalls, a second search for the value alone, and with a lower bound the first goes on.
 * What is left is small as a rule and goes to the enumeration of all its minimum cuts.
 */
const canonicalSide = (nodeCount: number, edges: Edges, summary: EdgeSummary): Uint8Array => {
  const exact = commonUnit(edges.weight, summary.total, summary.whole)
  const graph = exact === null ? { edges, ...summary } : graphOf(nodeCount, edges, summary, exact.weight)
  let search = startSearch(nodeCount, edges.source.length, exact)
  contract(search, graph)
  if (search.keepTies && search.tiesLost && search.bound > 0) {
    search = tieSearch(search)
    contract(search, graph)
  }
  // A single node of least degree is the smallest side there is, and the least such node came first.
  if (search.vertexCount > 2 && search.keepTies) {
    if (!search.settled) {
      const probe = valueSearch(search)
      contract(probe, graph)
      if (probe.bound < search.bound) {
        search.bound = probe.bound
        search.side = probe.side
      }
      search.settled = true
    }
    contract(search, graph)
  }
  if (search.bound === 0) return smallestComponent(nodeCount, edges)
  if (search.vertexCount <= 2 || !search.keepTies) return turnToSmaller(search.side)
  // Where sums are exact, the bound is the minimum.
  const minimum = exact === null ? null : search.bound
  const inside = smallestMinimumCut(kernelOf(search.label, search.vertexCount, graph.edges, minimum))
  return Uint8Array.from(search.label, (vertex) => inside[vertex]!)
}

/**
 * A global minimum cut: a side, neither empty nor everything, such that the weight between it and
 * the rest is least. Undirected; parallel edges add; self-loops and weights of 0 count for nothing.
 *
 * Canonical: of all cuts of the least value (compared as exact real sums) the one with the
 * smaller side, of these the one whose ascending list of nodes is first. So the answer depends on
 * the graph alone, not on the order of its edges, up to their positions.
 * Disconnected graphs have the value 0 and an empty witness. Null for fewer than two nodes.
 * Errors: see checkEdges. Algorithms and proofs: docs/cuts.md.
 */
export const minCut = (nodeCount: number, edges: Edges): MinCut | null => {
  const summary = checkEdges(nodeCount, edges)
  if (nodeCount < 2) return null
  const inside = canonicalSide(nodeCount, edges, summary)
  const { source, target, weight } = edges
  const side: number[] = []
  for (let node = 0; node < nodeCount; node++) if (inside[node] === 1) side.push(node)
  const witness: number[] = []
  for (let i = 0; i < source.length; i++)
    if (inside[source[i]!] !== inside[target[i]!] && weight[i]! > 0) witness.push(i)
  return { cutValue: exactSum(witness.map((i) => weight[i]!)), side, witness }
}
