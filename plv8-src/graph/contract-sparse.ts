import { type Adjacency, adjacencyOf } from "./adjacency.ts"
import { type BoundedHeap, boundedHeap, raise, resetHeap, TAKEN, takeLargest } from "./bounded-heap.ts"
import { contractMatrix } from "./contract-matrix.ts"
import { contractAt, contractAtHalf, type CutSearch, improve, relabel } from "./cut-search.ts"
import { haoOrlin } from "./hao-orlin.ts"
import { type EdgeList, improveByDegree } from "./reduce-edge-list.ts"
import { numberSets, singletons, unite } from "./union-find.ts"

/** Rows of a contracted graph; parallel edges may be added up or not. */
interface Rows {
  vertexCount: number
  start: Int32Array
  neighbour: Int32Array
  weight: Float64Array
  degree: Float64Array
}

/** Above this a matrix is too large; below, it is used when at least a fifth of it is filled. */
const MATRIX_VERTICES = 3000
const MATRIX_FILL = 5
/** Graphs this small always become a matrix. */
const MATRIX_ALWAYS = 16
/** A pass that contracts less than this share of the vertices has stalled. */
const STALL_SHARE = 24
/** Where ties are kept, this many stalled passes in a row end the search. */
const STALLED_PASSES = 4
/** Work of the first flow attempt for each arc; grows fourfold at each further one. */
const FLOW_WORK_PER_ARC = 1500

/** Test 1 and 2 of Padberg and Rinaldi (see reduce-edge-list.ts) over rows: one contraction a vertex. */
const uniteHeavyRows = (search: CutSearch, rows: Rows, parent: Int32Array, touched: Uint8Array): number => {
  const { vertexCount, start, neighbour, weight, degree } = rows
  const enough = contractAt(search)
  touched.fill(0, 0, vertexCount)
  let united = 0
  for (let v = 0; v < vertexCount; v++) {
    if (touched[v] === 1) continue
    const half = contractAtHalf(search, degree[v]!)
    for (let i = start[v]!, end = start[v + 1]!; i < end; i++) {
      if (weight[i]! < half && weight[i]! < enough) continue
      const other = neighbour[i]!
      if (unite(parent, v, other)) united++
      if (weight[i]! < enough && !search.keepTies) search.tiesLost = true
      touched[v] = 1
      touched[other] = 1
      break
    }
  }
  return united
}

/**
 * One maximum adjacency order (see contract-matrix.ts) over rows, with keys capped at
 * `contractAt`. The running value of the prefix cut is found by subtraction, so a promising
 * prefix is summed anew from its edges before it counts.
 */
const maximumAdjacencyPass = (
  search: CutSearch,
  rows: Rows,
  queue: BoundedHeap,
  parent: Int32Array,
  order: Int32Array,
  fromLightest: boolean,
): void => {
  const { vertexCount, start, neighbour, weight, degree } = rows
  const { key, place } = queue
  const enough = contractAt(search)
  let heaviest = 0
  let lightest = 0
  for (let v = 1; v < vertexCount; v++) {
    if (degree[v]! > degree[heaviest]!) heaviest = v
    if (degree[v]! < degree[lightest]!) lightest = v
  }
  const first = fromLightest ? lightest : heaviest
  resetHeap(queue, vertexCount, first)
  let prefixValue = 0
  let bestValue = Infinity
  let bestPrefix = 0
  let previous = -1
  for (let ordered = 1; ordered <= vertexCount; ordered++) {
    const v = takeLargest(queue)
    if (v < 0) return improveBySet(search, rows, order, ordered - 1)
    order[ordered - 1] = v
    prefixValue += degree[v]! - 2 * key[v]!
    if (ordered === vertexCount) {
      if (!search.keepTies) unite(parent, v, previous)
    } else if (prefixValue < bestValue) {
      bestValue = prefixValue
      bestPrefix = ordered
    }
    for (let i = start[v]!, end = start[v + 1]!; i < end; i++) {
      const other = neighbour[i]!
      if (place[other] !== TAKEN && raise(queue, other, weight[i]!, enough)) unite(parent, v, other)
    }
    previous = v
  }
  const rounding = 1e-9 * search.bound + 1e-12 * degree[heaviest]!
  if (bestPrefix > 0 && bestValue < search.bound + rounding) improveBySet(search, rows, order, bestPrefix)
}

/** Sums the cut around the first `count` vertices of `members` from its edges and records it when it is better. */
const improveBySet = (search: CutSearch, rows: Rows, members: Int32Array, count: number): void => {
  const { vertexCount, start, neighbour, weight } = rows
  const inside = new Uint8Array(vertexCount)
  for (let i = 0; i < count; i++) inside[members[i]!] = 1
  let value = 0
  for (let i = 0; i < count; i++) {
    const v = members[i]!
    for (let p = start[v]!, end = start[v + 1]!; p < end; p++) if (inside[neighbour[p]!] === 0) value += weight[p]!
  }
  if (value < search.bound) improve(search, value, (vertex) => inside[vertex] === 1)
}

/** The rows after contraction, parallel edges added up. */
const contracted = (rows: Rows, rename: Int32Array, vertexCount: number): Rows => {
  const { vertexCount: before, start, neighbour, weight } = rows
  // Old vertices in the order of their new ones (counting sort).
  const firstMember = new Int32Array(vertexCount + 1)
  for (let v = 0; v < before; v++) firstMember[rename[v]! + 1]!++
  for (let v = 0; v < vertexCount; v++) firstMember[v + 1]! += firstMember[v]!
  const member = new Int32Array(before)
  const next = firstMember.slice(0, vertexCount)
  for (let v = 0; v < before; v++) member[next[rename[v]!]!++] = v
  const position = new Int32Array(vertexCount).fill(-1)
  const arcs = start[before]!
  const out: Rows = {
    vertexCount,
    start: new Int32Array(vertexCount + 1),
    neighbour: new Int32Array(arcs),
    weight: new Float64Array(arcs),
    degree: new Float64Array(vertexCount),
  }
  let end = 0
  for (let v = 0; v < vertexCount; v++) {
    const begin = end
    let degree = 0
    for (let m = firstMember[v]!; m < firstMember[v + 1]!; m++) {
      const old = member[m]!
      for (let i = start[old]!; i < start[old + 1]!; i++) {
        const other = rename[neighbour[i]!]!
        if (other === v) continue
        const w = weight[i]!
        degree += w
        const at = position[other]!
        if (at >= begin) out.weight[at]! += w
        else {
          position[other] = end
          out.neighbour[end] = other
          out.weight[end] = w
          end++
        }
      }
    }
    out.start[v + 1] = end
    out.degree[v] = degree
  }
  return out
}

/** The same rows with the position of every arc's reverse. */
const withReverse = (rows: Rows): Adjacency => {
  const { vertexCount, start, neighbour, weight } = rows
  const arcs = start[vertexCount]! / 2
  const source = new Int32Array(arcs)
  const target = new Int32Array(arcs)
  const edgeWeight = new Float64Array(arcs)
  let count = 0
  for (let v = 0; v < vertexCount; v++)
    for (let i = start[v]!; i < start[v + 1]!; i++)
      if (neighbour[i]! > v) {
        source[count] = v
        target[count] = neighbour[i]!
        edgeWeight[count++] = weight[i]!
      }
  return adjacencyOf(vertexCount, { source, target, weight: edgeWeight }, count)
}

const asMatrix = (rows: Rows): Parameters<typeof contractMatrix>[1] => {
  const { vertexCount, start, neighbour, weight, degree } = rows
  const matrix = new Float64Array(vertexCount * vertexCount)
  for (let v = 0; v < vertexCount; v++)
    for (let i = start[v]!; i < start[v + 1]!; i++) matrix[v * vertexCount + neighbour[i]!]! += weight[i]!
  return { vertexCount, weight: matrix, degree }
}

/**
 * Contracts a sparse graph, until two vertices are left or, where ties are kept, passes stall
 * (see contract-matrix.ts for where they start).
 * Where ties may be lost, a stalled pass is followed by Hao and Orlin's algorithm within a
 * budget of work, which ends the search when it completes.
 */
export const contractSparse = (search: CutSearch, list: EdgeList): void => {
  const size = list.vertexCount
  const { start, neighbour, weight } = adjacencyOf(size, list, list.edgeCount)
  let rows: Rows = { vertexCount: size, start, neighbour, weight, degree: list.degree }
  const parent = new Int32Array(size)
  const rename = new Int32Array(size)
  const order = new Int32Array(size)
  const touched = new Uint8Array(size)
  const queue = boundedHeap(size)
  let flowWork = FLOW_WORK_PER_ARC * rows.start[size]!

  const contract = (): void => {
    const vertexCount = numberSets(parent, rows.vertexCount, rename)
    if (vertexCount === rows.vertexCount) return
    relabel(search, rename, vertexCount)
    rows = contracted(rows, rename, vertexCount)
    if (vertexCount > 1) improveByDegree(search, vertexCount, rows.degree)
  }

  let stalled = 0
  for (let pass = 1; rows.vertexCount > 2 && search.bound > 0; pass++) {
    const before = rows.vertexCount
    const filled = rows.start[before]! * MATRIX_FILL >= before * before
    if ((filled && before <= MATRIX_VERTICES) || before <= MATRIX_ALWAYS) return contractMatrix(search, asMatrix(rows))
    if (pass > 1) {
      singletons(parent, before)
      if (uniteHeavyRows(search, rows, parent, touched) * 20 > before) contract()
      if (rows.vertexCount <= 2) return
    }
    singletons(parent, rows.vertexCount)
    maximumAdjacencyPass(search, rows, queue, parent, order, stalled % 2 === 1)
    contract()
    const gone = before - rows.vertexCount
    const slow = gone === 0 || (gone * STALL_SHARE < before && !search.settled)
    stalled = slow ? stalled + 1 : 0
    if (!slow || rows.vertexCount <= 2) continue
    if (search.keepTies) {
      if (stalled === STALLED_PASSES) return
      continue
    }
    const flow = haoOrlin(withReverse(rows), search.bound, flowWork)
    flowWork *= 4
    if (flow.side !== null) improveBySet(search, rows, flow.side, flow.side.length)
    if (flow.completed) {
      search.settled = true
      return
    }
  }
}
