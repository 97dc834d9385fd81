import type { Kernel } from "./kernel.ts"

/** A set of vertices by flags, and how many nodes of the whole graph they hold. */
interface VertexSet {
  readonly inside: Uint8Array
  size: number
}

interface BestCut extends VertexSet {
  value: bigint
}

/** True when a is before b in the order of sorted node lists; the two hold equally many nodes. */
const isBefore = (kernel: Kernel, a: Uint8Array, b: Uint8Array): boolean => {
  // The lists agree up to the least node that is in one of them only, and that one is the smaller.
  let least = Infinity
  let inA = false
  for (let v = 0; v < kernel.vertexCount; v++)
    if (a[v] !== b[v] && kernel.leastNode[v]! < least) {
      least = kernel.leastNode[v]!
      inA = a[v] === 1
    }
  return inA
}

/** Keeps the better of `best` and the cut around `set`: least value, then smaller side, then order of node lists. */
const consider = (kernel: Kernel, best: BestCut, value: bigint, set: VertexSet): void => {
  const size = Math.min(set.size, kernel.nodeCount - set.size)
  if (value > best.value || (value === best.value && size > best.size)) return
  const zero = kernel.leastNode.indexOf(0)
  const halves = set.size * 2 === kernel.nodeCount
  const flip = halves ? set.inside[zero] === 0 : size !== set.size
  const inside = flip ? set.inside.map((flag) => 1 - flag) : set.inside
  if (value === best.value && size === best.size && !isBefore(kernel, inside, best.inside)) return
  best.value = value
  best.size = size
  best.inside.set(inside)
}

/** Breadth-first order from the vertex that holds most nodes: each vertex has a neighbour before it. */
const adjacencyOrder = (kernel: Kernel): Int32Array => {
  const { vertexCount, start, neighbour, size } = kernel
  let first = 0
  for (let v = 1; v < vertexCount; v++) if (size[v]! > size[first]!) first = v
  const order = new Int32Array(vertexCount)
  const seen = new Uint8Array(vertexCount)
  order[0] = first
  seen[first] = 1
  let end = 1
  for (let at = 0; at < end; at++)
    for (let i = start[order[at]!]!; i < start[order[at]! + 1]!; i++) {
      const other = neighbour[i]!
      if (seen[other] === 1) continue
      seen[other] = 1
      order[end++] = other
    }
  return order
}

/**
 * Finds, among all minimum cuts of a connected kernel, the one with the smaller side, and of
 * several the one whose sorted list of nodes is least. Returns the flags of that side's vertices.
 *
 * Vertices are put in an order in which each has a neighbour before it. A minimum cut
 * that separates some vertex from the first one separates, for exactly one i, the vertex at i
 * from all before it. For one i these cuts are nested (Karzanov, Timofeev 1986; Nagamochi, Nakao,
 * Ibaraki 2000): two that cross would have no edge between what both hold and what neither
 * holds, but the vertex at i is in the one and a neighbour before it in the other. So one maximum
 * flow to each vertex from those before it gives all of them: in the residual graph the cuts are
 * the sets that no arc enters (Picard, Queyranne 1980), the least one is what reaches the sink,
 * and each further strongly connected component in topological order gives the next.
 */
export const smallestMinimumCut = (kernel: Kernel): Uint8Array => {
  const { nodeCount, vertexCount: n, size, start, neighbour, reverse, capacity } = kernel
  const best: BestCut = { value: 0n, size: Infinity, inside: new Uint8Array(n) }
  for (let v = 0; v < n; v++) {
    let degree = 0n
    for (let i = start[v]!; i < start[v + 1]!; i++) degree += capacity[i]!
    if (v === 0) best.value = degree
    const set = { inside: new Uint8Array(n), size: size[v]! }
    set.inside[v] = 1
    consider(kernel, best, degree, set)
  }

  const residual = [...capacity]
  const changed: number[] = []
  const isSource = new Uint8Array(n)
  let sourceSize = 0
  const reaching: VertexSet = { inside: new Uint8Array(n), size: 0 }
  const queue = new Int32Array(n)
  const towardsSink = new Int32Array(n)

  /** A cut of the best value is of use only if its side away from the sources is small, when they are too many. */
  const tooLarge = (side: number): boolean => sourceSize > best.size && side > best.size

  /**
   * Backward search from the sink over arcs with residual capacity. Returns a source vertex that
   * reaches the sink, or -1 when none does (then `reaching` is the least minimum cut around
   * the sink), or -2 when the search is given up because no cut here can be better.
   */
  const searchBack = (sink: number, flow: bigint): number => {
    reaching.inside.fill(0)
    reaching.inside[sink] = 1
    reaching.size = size[sink]!
    queue[0] = sink
    let end = 1
    for (let at = 0; at < end; at++) {
      if (flow === best.value && tooLarge(reaching.size)) return -2
      const v = queue[at]!
      for (let i = start[v]!; i < start[v + 1]!; i++) {
        const other = neighbour[i]!
        if (reaching.inside[other] === 1 || !(residual[reverse[i]!]! > 0n)) continue
        towardsSink[other] = reverse[i]!
        if (isSource[other] === 1) return other
        reaching.inside[other] = 1
        reaching.size += size[other]!
        queue[end++] = other
      }
    }
    return -1
  }

  /** Sends what the path from `from` to the sink can carry (Ford, Fulkerson; shortest paths: Edmonds, Karp 1972). */
  const augment = (from: number, sink: number): bigint => {
    let amount = residual[towardsSink[from]!]!
    for (let v = from; v !== sink; v = neighbour[towardsSink[v]!]!)
      if (residual[towardsSink[v]!]! < amount) amount = residual[towardsSink[v]!]!
    for (let v = from; v !== sink; ) {
      const arc = towardsSink[v]!
      residual[arc] = residual[arc]! - amount
      residual[reverse[arc]!] = residual[reverse[arc]!]! + amount
      changed.push(arc, reverse[arc]!)
      v = neighbour[arc]!
    }
    return amount
  }

  /** Vertices that the sources reach in the residual graph: they are in no minimum cut's sink side. */
  const reachedFromSources = (): Uint8Array => {
    const reached = isSource.slice()
    let end = 0
    for (let v = 0; v < n; v++) if (isSource[v] === 1) queue[end++] = v
    for (let at = 0; at < end; at++)
      for (let i = start[queue[at]!]!; i < start[queue[at]! + 1]!; i++) {
        const other = neighbour[i]!
        if (reached[other] === 1 || !(residual[i]! > 0n)) continue
        reached[other] = 1
        queue[end++] = other
      }
    return reached
  }

  /**
   * Extends `reaching` by one strongly connected component after the other, predecessors
   * first (Tarjan 1972, on the arcs reversed, which emits components in that order).
   */
  const considerLarger = (value: bigint): void => {
    const index = new Int32Array(n)
    const low = new Int32Array(n)
    const nextArc = start.slice(0, n)
    const settled = reachedFromSources()
    for (let v = 0; v < n; v++) if (reaching.inside[v] === 1) settled[v] = 1
    const path: number[] = []
    const open: number[] = []
    let count = 0
    const enter = (v: number): void => {
      index[v] = low[v] = ++count
      path.push(v)
      open.push(v)
    }
    for (let root = 0; root < n; root++) {
      if (settled[root] === 1) continue
      enter(root)
      while (path.length > 0) {
        const v = path[path.length - 1]!
        if (nextArc[v]! < start[v + 1]!) {
          const i = nextArc[v]!++
          const other = neighbour[i]!
          if (settled[other] === 1 || !(residual[reverse[i]!]! > 0n)) continue
          if (index[other] === 0) enter(other)
          else if (index[other]! < low[v]!) low[v] = index[other]!
          continue
        }
        path.pop()
        const parent = path[path.length - 1]
        if (parent !== undefined && low[v]! < low[parent]!) low[parent] = low[v]!
        if (low[v] !== index[v]) continue
        for (;;) {
          const member = open.pop()!
          settled[member] = 1
          reaching.inside[member] = 1
          reaching.size += size[member]!
          if (member === v) break
        }
        consider(kernel, best, value, reaching)
        if (tooLarge(reaching.size + 1)) return
      }
    }
  }

  const order = adjacencyOrder(kernel)
  isSource[order[0]!] = 1
  sourceSize = size[order[0]!]!
  for (let i = 1; i < n; i++) {
    const sink = order[i]!
    let flow = 0n
    let found = searchBack(sink, flow)
    while (found >= 0 && flow <= best.value) {
      flow += augment(found, sink)
      if (flow <= best.value) found = searchBack(sink, flow)
    }
    if (found === -1 && flow <= best.value) {
      consider(kernel, best, flow, reaching)
      if (!tooLarge(reaching.size + 1) && sourceSize < nodeCount) considerLarger(flow)
    }
    for (const arc of changed) residual[arc] = capacity[arc]!
    changed.length = 0
    isSource[sink] = 1
    sourceSize += size[sink]!
  }
  return best.inside
}
