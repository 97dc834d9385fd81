import { contractAt, type CutSearch, improve, relabel } from "./cut-search.ts"
import type { EdgeList } from "./reduce-edge-list.ts"
import { find, numberSets, singletons, unite } from "./union-find.ts"

/** A contracted graph as a symmetric matrix of weights, row by row, with a zero diagonal, and its degrees. */
export interface WeightMatrix {
  readonly vertexCount: number
  readonly weight: Float64Array
  readonly degree: Float64Array
}

/** Copies the upper triangle below the diagonal, in tiles that stay in the cache. */
const mirror = (weight: Float64Array, n: number): void => {
  const tile = 32
  for (let top = 0; top < n; top += tile) {
    const bottom = Math.min(top + tile, n)
    for (let left = top; left < n; left += tile) {
      const right = Math.min(left + tile, n)
      for (let i = top; i < bottom; i++) {
        const row = i * n
        for (let j = left > i ? left : i + 1; j < right; j++) weight[j * n + i] = weight[row + j]!
      }
    }
  }
}

export const matrixOf = (list: EdgeList): WeightMatrix => {
  const { vertexCount: n, edgeCount, source, target, weight } = list
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < edgeCount; i++) {
    const a = source[i]!
    const b = target[i]!
    if (a < b) matrix[a * n + b]! += weight[i]!
    else if (b < a) matrix[b * n + a]! += weight[i]!
  }
  mirror(matrix, n)
  return { vertexCount: n, weight: matrix, degree: list.degree }
}

/** A pass that contracts less than this share of the vertices has stalled, unless few are left. */
const STALL_SHARE = 24
const FEW_VERTICES = 64

/** Where `attach` found the vertex with the largest key, that key, and the sum of all keys. */
const attached = { position: 0, largest: 0, total: 0 }

/**
 * Adds row `row` of the matrix to the keys of the vertices that wait. The sum of their keys is
 * the value of the cut between ordered and waiting vertices: a sum of weights, without
 * subtractions, so that small cuts between large weights keep their precision.
 */
const attach = (waiting: Int32Array, count: number, key: Float64Array, weight: Float64Array, row: number): void => {
  let total = 0
  let largest = -1
  let position = 0
  for (let i = 0; i < count; i++) {
    const v = waiting[i]!
    const k = key[v]! + weight[row + v]!
    key[v] = k
    total += k
    if (k > largest) {
      largest = k
      position = i
    }
  }
  attached.position = position
  attached.largest = largest
  attached.total = total
}

interface Scratch {
  readonly parent: Int32Array
  readonly key: Float64Array
  readonly order: Int32Array
  readonly waiting: Int32Array
}

/**
 * One maximum adjacency order from `first` (Nagamochi, Ono, Ibaraki, "Implementing an efficient
 * minimum capacity cut algorithm", 1994; Stoer, Wagner 1997): the next vertex is always the
 * one with the largest key, its weight to those already ordered. The key of a vertex when it
 * passes `contractAt` bounds its connectivity to the vertex just ordered from below, so the
 * two are contracted. The last vertex and the one before it are separated by no cut below the
 * last one's degree, which is known.
 * Returns how many pairs were united in `scratch.parent`.
 */
const maximumAdjacencyPass = (search: CutSearch, matrix: WeightMatrix, first: number, scratch: Scratch): number => {
  const { vertexCount: n, weight } = matrix
  const { parent, key, order, waiting } = scratch
  for (let v = 0; v < n; v++) {
    key[v] = 0
    waiting[v] = v
  }
  singletons(parent, n)
  let count = n
  let position = first
  let current = first
  let previous = -1
  let currentKey = 0
  let ordered = 0
  let united = 0
  let bestValue = search.bound
  let bestPrefix = 0
  // The threshold stays that of the pass's start: a prefix cut found on the way may lower it.
  const enough = contractAt(search)
  for (;;) {
    waiting[position] = waiting[--count]!
    order[ordered++] = current
    const last = count === 0 && !search.keepTies
    if (previous >= 0 && (currentKey >= enough || last)) if (unite(parent, current, previous)) united++
    if (count === 0) break
    const row = current * n
    attach(waiting, count, key, weight, row)
    position = attached.position
    currentKey = attached.largest
    if (currentKey >= enough)
      for (let i = 0; i < count; i++) {
        const v = waiting[i]!
        if (key[v]! >= enough && key[v]! - weight[row + v]! < enough && unite(parent, v, current)) united++
      }
    if (attached.total < bestValue) {
      bestValue = attached.total
      bestPrefix = ordered
    }
    previous = current
    current = waiting[position]!
  }
  if (bestPrefix > 0) {
    const inside = new Uint8Array(n)
    for (let i = 0; i < bestPrefix; i++) inside[order[i]!] = 1
    improve(search, bestValue, (vertex) => inside[vertex] === 1)
  }
  return united
}

/**
 * Triangle test (Padberg, Rinaldi 1990, test 3): x and y are joined by their edge and by a path
 * through every common neighbour, so that together they bound their connectivity from below.
 */
const uniteTriangles = (search: CutSearch, matrix: WeightMatrix, x: number, parent: Int32Array): number => {
  const { vertexCount: n, weight, degree } = matrix
  const enough = contractAt(search)
  let united = 0
  for (let y = 0; y < n; y++) {
    if (y === x || degree[y]! < enough || find(parent, y) === find(parent, x)) continue
    let joined = weight[x * n + y]!
    for (let i = x * n, j = y * n, end = i + n; i < end; i++, j++) {
      const a = weight[i]!
      const b = weight[j]!
      joined += a < b ? a : b
    }
    if (joined >= enough && unite(parent, x, y)) united++
  }
  return united
}

/** The matrix after contraction: rows, then columns of one set are added up. */
const contracted = (matrix: WeightMatrix, rename: Int32Array, vertexCount: number): WeightMatrix => {
  const { vertexCount: n, weight } = matrix
  const next = new Float64Array(vertexCount * vertexCount)
  const degree = new Float64Array(vertexCount)
  for (let i = 0; i < n; i++) {
    const row = rename[i]! * vertexCount
    for (let j = 0, at = i * n; j < n; j++, at++) next[row + rename[j]!]! += weight[at]!
  }
  for (let v = 0; v < vertexCount; v++) {
    next[v * vertexCount + v] = 0
    let sum = 0
    for (let i = v * vertexCount, end = i + vertexCount; i < end; i++) sum += next[i]!
    degree[v] = sum
  }
  return { vertexCount, weight: next, degree }
}

const heaviest = (matrix: WeightMatrix): number => {
  let best = 0
  for (let v = 1; v < matrix.vertexCount; v++) if (matrix.degree[v]! > matrix.degree[best]!) best = v
  return best
}

/**
 * Contracts a dense graph by maximum adjacency orders, until two vertices are left or, where
 * ties are kept, nothing more may be contracted.
 */
export const contractMatrix = (search: CutSearch, start: WeightMatrix): void => {
  let matrix = start
  const size = start.vertexCount
  const scratch: Scratch = {
    parent: new Int32Array(size),
    key: new Float64Array(size),
    order: new Int32Array(size),
    waiting: new Int32Array(size),
  }
  const rename = new Int32Array(size)
  while (matrix.vertexCount > 2) {
    const before = matrix.vertexCount
    const first = heaviest(matrix)
    let united = maximumAdjacencyPass(search, matrix, first, scratch)
    if (united * 3 < before && before > 8) united += uniteTriangles(search, matrix, first, scratch.parent)
    if (united === 0) return
    const vertexCount = numberSets(scratch.parent, before, rename)
    relabel(search, rename, vertexCount)
    if (vertexCount < 2) return
    matrix = contracted(matrix, rename, vertexCount)
    let least = 0
    for (let v = 1; v < vertexCount; v++) if (matrix.degree[v]! < matrix.degree[least]!) least = v
    if (matrix.degree[least]! < search.bound) improve(search, matrix.degree[least]!, (vertex) => vertex === least)
    const stalled = before > FEW_VERTICES && (before - vertexCount) * STALL_SHARE < before
    if (stalled && search.keepTies && !search.settled) return
  }
}
