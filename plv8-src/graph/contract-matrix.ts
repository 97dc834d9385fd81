import { contractAt, type CutSearch, improve, relabel } from "./cut-search.ts"
import type { EdgeList } from "./reduce-edge-list.ts"
import { find, singletons, unite } from "./union-find.ts"

/** A contracted graph as a symmetric matrix of weights, row by row, with a zero diagonal, and its degrees. */
export interface WeightMatrix {
  readonly vertexCount: number
  readonly weight: Float64Array
  readonly degree: Float64Array
}

/** A pass that contracts less than this share of the vertices has stalled, unless few are left. */
const STALL_SHARE = 24
const FEW_VERTICES = 64
/** Where ties are kept, this many stalled passes in a row end the search. */
const STALLED_PASSES = 4

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

/**
 * The contraction in place: rows and columns of vertices that were contracted into others stay in
 * the matrix, but are no longer listed in the first `aliveCount` entries of `alive`.
 */
interface Work {
  readonly stride: number
  readonly weight: Float64Array
  readonly degree: Float64Array
  readonly alive: Int32Array
  aliveCount: number
  readonly parent: Int32Array
  readonly key: Float64Array
  readonly order: Int32Array
  readonly waiting: Int32Array
  readonly full: Int32Array
}

/** What `attach` found: how many wait and are full, which waiting vertex has the largest key, the sum of waiting keys. */
const attached = { waiting: 0, full: 0, next: 0, total: 0 }

/**
 * Takes vertex `v` off the list of those that wait and adds its row to the keys of the others. One whose
 * key reaches `enough` is united with v and moves to the stack of full vertices.
 * Returns how many pairs were united.
 */
const attach = (work: Work, v: number, enough: number): number => {
  const { weight, stride, key, waiting, full, parent } = work
  const row = v * stride
  const count = attached.waiting
  let kept = 0
  let fullCount = attached.full
  let total = 0
  let largest = -1
  let next = -1
  let united = 0
  // The list stays in its order, so that a row is read from its beginning to its end.
  for (let i = 0; i < count; i++) {
    const x = waiting[i]!
    if (x === v) continue
    const k = key[x]! + weight[row + x]!
    if (k >= enough) {
      if (unite(parent, x, v)) united++
      full[fullCount++] = x
      continue
    }
    waiting[kept++] = x
    key[x] = k
    total += k
    if (k > largest) {
      largest = k
      next = x
    }
  }
  attached.waiting = kept
  attached.full = fullCount
  attached.next = next
  attached.total = total
  return united
}

/**
 * One maximum adjacency order from `first` (Nagamochi, Ono, Ibaraki, "Implementing an efficient
 * minimum capacity cut algorithm", 1994; Stoer, Wagner 1997): the next vertex is always the
 * one with the largest key, its weight to those already ordered. When the key of x reaches
 * `contractAt` as v joins the order, the connectivity of x and v is at least that, and the two are
 * contracted. Keys beyond that count as equal, so their order is free (Henzinger, Noe, Schulz,
 * Strash 2018: as if the edges' weight beyond the limit were not there).
 *
 * The sum of all keys is the value of the cut between ordered and other vertices: a sum of weights,
 * without subtractions, so that small cuts between large weights keep their precision. It
 * can only beat the bound while no full vertex waits.
 * The last vertex and the one before it are separated by no cut below the last one's degree, which
 * is known: where ties may be lost, they are contracted too.
 * Returns how many pairs were united.
 */
const maximumAdjacencyPass = (search: CutSearch, work: Work, first: number): number => {
  const { alive, aliveCount, parent, key, order, waiting, full } = work
  let others = 0
  for (let i = 0; i < aliveCount; i++) {
    const v = alive[i]!
    parent[v] = v
    key[v] = 0
    if (v !== first) waiting[others++] = v
  }
  attached.waiting = others
  attached.full = 0
  let bestValue = search.bound
  let bestPrefix = 0
  // The threshold stays that of the pass's start, although a prefix cut may lower it on the way.
  const enough = contractAt(search)
  order[0] = first
  let united = 0
  for (let ordered = 1; ordered < aliveCount; ordered++) {
    united += attach(work, order[ordered - 1]!, enough)
    if (attached.full > 0) {
      order[ordered] = full[--attached.full]!
      continue
    }
    if (attached.total < bestValue) {
      bestValue = attached.total
      bestPrefix = ordered
    }
    order[ordered] = attached.next
  }
  if (!search.keepTies && unite(parent, order[aliveCount - 1]!, order[aliveCount - 2]!)) united++
  if (bestPrefix > 0) {
    const inside = new Uint8Array(work.stride)
    for (let i = 0; i < bestPrefix; i++) inside[order[i]!] = 1
    improve(search, bestValue, (vertex) => inside[vertex] === 1)
  }
  return united
}

/**
 * Triangle test (Padberg, Rinaldi 1990, test 3): x and y are joined by their edge and by a path
 * through every common neighbour, so that together they bound their connectivity from below.
 */
const uniteTriangles = (search: CutSearch, work: Work, x: number): number => {
  const { alive, aliveCount, stride, weight, degree, parent } = work
  const enough = contractAt(search)
  let united = 0
  for (let i = 0; i < aliveCount; i++) {
    const y = alive[i]!
    if (y === x || degree[y]! < enough || find(parent, y) === find(parent, x)) continue
    const rowX = x * stride
    const rowY = y * stride
    let joined = weight[rowX + y]!
    for (let j = 0; j < aliveCount; j++) {
      const z = alive[j]!
      const a = weight[rowX + z]!
      const b = weight[rowY + z]!
      joined += a < b ? a : b
    }
    if (joined >= enough && unite(parent, x, y)) united++
  }
  return united
}

/** Adds the rows of `members` to the row of `root`, for the vertices still alive, and mirrors the result. */
const mergeRows = (work: Work, root: number, members: readonly number[]): void => {
  const { alive, aliveCount, stride, weight, degree } = work
  const row = root * stride
  for (const member of members) {
    const other = member * stride
    for (let i = 0; i < aliveCount; i++) weight[row + alive[i]!]! += weight[other + alive[i]!]!
  }
  weight[row + root] = 0
  let sum = 0
  for (let i = 0; i < aliveCount; i++) {
    const w = weight[row + alive[i]!]!
    weight[alive[i]! * stride + root] = w
    sum += w
  }
  degree[root] = sum
}

/** Contracts every set of `parent` into one of its vertices. The largest set comes last, when few others are alive. */
const contractSets = (search: CutSearch, work: Work): void => {
  const { alive, stride, parent, degree } = work
  const members = new Map<number, number[]>()
  const root = new Int32Array(stride)
  for (let i = 0; i < work.aliveCount; i++) {
    const v = alive[i]!
    root[v] = find(parent, v)
    if (root[v] === v) continue
    const list = members.get(root[v])
    if (list === undefined) members.set(root[v], [v])
    else list.push(v)
  }
  const gone = new Uint8Array(stride)
  for (const [v, list] of [...members].sort(([, a], [, b]) => a.length - b.length)) {
    for (const member of list) gone[member] = 1
    let count = 0
    for (let i = 0; i < work.aliveCount; i++) if (gone[alive[i]!] === 0) alive[count++] = alive[i]!
    work.aliveCount = count
    mergeRows(work, v, list)
  }
  relabel(search, root, work.aliveCount)
  let least = alive[0]!
  for (let i = 1; i < work.aliveCount; i++) if (degree[alive[i]!]! < degree[least]!) least = alive[i]!
  if (work.aliveCount > 1 && degree[least]! < search.bound)
    improve(search, degree[least]!, (vertex) => vertex === least)
}

/**
 * Contracts a dense graph by maximum adjacency orders, until two vertices are left or, where
 * ties are kept, nothing more may be contracted. Writes over the matrix.
 *
 * A pass starts at the heaviest vertex, which fills most keys soonest. Where ties are kept and
 * that pass stalls, the next one starts at the lightest: it cannot be contracted itself when it
 * is the best cut, and as the last of the order it would keep its neighbour from that too.
 */
export const contractMatrix = (search: CutSearch, matrix: WeightMatrix): void => {
  const size = matrix.vertexCount
  const work: Work = {
    stride: size,
    weight: matrix.weight,
    degree: matrix.degree.slice(0, size),
    alive: new Int32Array(size),
    aliveCount: size,
    parent: new Int32Array(size),
    key: new Float64Array(size),
    order: new Int32Array(size),
    waiting: new Int32Array(size),
    full: new Int32Array(size),
  }
  const { alive, degree } = work
  singletons(alive, size)
  let stalled = 0
  while (work.aliveCount > 2 && search.bound > 0 && stalled < STALLED_PASSES) {
    const before = work.aliveCount
    let heaviest = alive[0]!
    let lightest = heaviest
    for (let i = 1; i < before; i++) {
      if (degree[alive[i]!]! > degree[heaviest]!) heaviest = alive[i]!
      if (degree[alive[i]!]! < degree[lightest]!) lightest = alive[i]!
    }
    let united = maximumAdjacencyPass(search, work, stalled % 2 === 1 ? lightest : heaviest)
    if (united * 3 < before && before > 8) united += uniteTriangles(search, work, heaviest)
    if (united > 0) contractSets(search, work)
    const slow = united === 0 || (before > FEW_VERTICES && united * STALL_SHARE < before && !search.settled)
    stalled = slow && search.keepTies ? stalled + 1 : 0
  }
  const rename = new Int32Array(size)
  for (let i = 0; i < work.aliveCount; i++) rename[alive[i]!] = i
  relabel(search, rename, work.aliveCount)
}
