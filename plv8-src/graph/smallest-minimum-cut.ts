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

/** The least number of nodes in two vertices together. */
const leastPair = (size: Int32Array): number => {
  let least = Infinity
  let second = Infinity
  for (const s of size) {
    if (s < least) {
      second = least
      least = s
    } else if (s < second) second = s
  }
  return least + second
}

/** Breadth-first order from the vertex that holds most nodes, so that flows from the vertices before find short ways. */
const breadthFirst = (kernel: Kernel): Int32Array => {
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
 * That side M holds no other minimum cut's side, which would be smaller. Number the vertices in
 * any order. If the first is not in M, take the first vertex t that is, and a maximum flow
 * to t from all vertices before it: of the minimum cuts that this flow shows, one has a side around
 * t that is within all others (what reaches t in the residual graph; Picard, Queyranne 1980).
 * M is among those others, so that least side is M. If the first vertex is in M, take the
 * first t that is not: the least side around the vertices before it (what they reach) is M.
 * So one flow to each vertex from those before it shows M on one of its two ends.
 */
export const smallestMinimumCut = (kernel: Kernel): Uint8Array => {
  const { vertexCount: n, size, start, neighbour, reverse, capacity, minimum } = kernel
  const best: BestCut = { value: 0n, size: Infinity, inside: new Uint8Array(n) }
  for (let v = 0; v < n; v++) {
    let degree = 0n
    for (let i = start[v]!; i < start[v + 1]!; i++) degree += capacity[i]!
    if (v === 0) best.value = degree
    const set = { inside: new Uint8Array(n), size: size[v]! }
    set.inside[v] = 1
    consider(kernel, best, degree, set)
  }

  if (best.value === minimum && leastPair(size) > best.size) return best.inside

  const residual = [...capacity]
  const changed: number[] = []
  const isSource = new Uint8Array(n)
  let sourceSize = 0
  const reaching: VertexSet = { inside: new Uint8Array(n), size: 0 }
  const queue = new Int32Array(n)
  const towardsSink = new Int32Array(n)

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
      if (flow === best.value && sourceSize > best.size && reaching.size > best.size) return -2
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

  /** The least minimum cut around the sources: what they reach in the residual graph. */
  const reachedFromSources = (): VertexSet => {
    const reached: VertexSet = { inside: isSource.slice(), size: sourceSize }
    let end = 0
    for (let v = 0; v < n; v++) if (isSource[v] === 1) queue[end++] = v
    for (let at = 0; at < end; at++)
      for (let i = start[queue[at]!]!; i < start[queue[at]! + 1]!; i++) {
        const other = neighbour[i]!
        if (reached.inside[other] === 1 || !(residual[i]! > 0n)) continue
        reached.inside[other] = 1
        reached.size += size[other]!
        queue[end++] = other
      }
    return reached
  }

  /** Considers the least minimum cuts around the sink and around the sources, if their value is not above the best. */
  const tryFlow = (sink: number): void => {
    let flow = 0n
    let found = searchBack(sink, flow)
    while (found >= 0 && flow <= best.value) {
      flow += augment(found, sink)
      if (flow <= best.value) found = searchBack(sink, flow)
    }
    if (found === -1 && flow <= best.value) {
      consider(kernel, best, flow, reaching)
      if (sourceSize <= best.size) consider(kernel, best, flow, reachedFromSources())
    }
    for (const arc of changed) residual[arc] = capacity[arc]!
    changed.length = 0
  }

  const order = breadthFirst(kernel)
  isSource[order[0]!] = 1
  sourceSize = size[order[0]!]!
  for (let i = 1; i < n; i++) {
    const sink = order[i]!
    // When the minimum is known and reached, only smaller sides are of use.
    if (best.value !== minimum || sourceSize <= best.size || size[sink]! <= best.size) tryFlow(sink)
    isSource[sink] = 1
    sourceSize += size[sink]!
  }
  return best.inside
}
