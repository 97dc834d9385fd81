import type { Adjacency } from "./adjacency.ts"

export interface HaoOrlinResult {
  /** Vertices on one side of a cut below the bound that was given, or null when none was found. */
  readonly side: Int32Array | null
  /** False when the budget of work ran out first: then the side is only the best so far. */
  readonly completed: boolean
}

const SOURCE_SIDE = 0
const AWAKE = 1
const FIRST_DORMANT = 2

/** Doubly linked lists of the awake vertices of each distance label. */
interface Levels {
  readonly head: Int32Array
  readonly next: Int32Array
  readonly previous: Int32Array
  highest: number
}

const insert = (levels: Levels, vertex: number, level: number): void => {
  const { head, next, previous } = levels
  const old = head[level]!
  next[vertex] = old
  previous[vertex] = -1
  if (old >= 0) previous[old] = vertex
  head[level] = vertex
  if (level > levels.highest) levels.highest = level
}

const remove = (levels: Levels, vertex: number, level: number): void => {
  const { head, next, previous } = levels
  const before = previous[vertex]!
  const after = next[vertex]!
  if (before >= 0) next[before] = after
  else head[level] = after
  if (after >= 0) previous[after] = before
}

/** Stacks of the awake vertices with excess, by distance label; stale entries are skipped when met. */
interface ActiveStacks {
  readonly head: Int32Array
  readonly next: Int32Array
  readonly queued: Uint8Array
  highest: number
}

const activate = (active: ActiveStacks, vertex: number, level: number): void => {
  if (active.queued[vertex] === 1) return
  active.queued[vertex] = 1
  active.next[vertex] = active.head[level]!
  active.head[level] = vertex
  if (level > active.highest) active.highest = level
}

/** Distance labels: arcs to the sink by breadth-first search that does not pass the source; -1 unreached. */
const distancesTo = (graph: Adjacency, sink: number, source: number): Int32Array => {
  const { vertexCount, start, neighbour } = graph
  const distance = new Int32Array(vertexCount).fill(-1)
  const queue = new Int32Array(vertexCount)
  let end = 1
  queue[0] = sink
  distance[sink] = 0
  for (let at = 0; at < end; at++) {
    const v = queue[at]!
    for (let i = start[v]!; i < start[v + 1]!; i++) {
      const other = neighbour[i]!
      if (other === source || distance[other]! >= 0) continue
      distance[other] = distance[v]! + 1
      queue[end++] = other
    }
  }
  return distance
}

const heaviestVertex = (graph: Adjacency): number => {
  let best = 0
  let bestDegree = -1
  for (let v = 0; v < graph.vertexCount; v++) {
    let degree = 0
    for (let i = graph.start[v]!; i < graph.start[v + 1]!; i++) degree += graph.weight[i]!
    if (degree > bestDegree) {
      bestDegree = degree
      best = v
    }
  }
  return best
}

/**
 * Minimum cut by push-relabel: Hao, Orlin, "A faster algorithm for finding the minimum cut in a
 * directed graph", 1994. All n - 1 sinks share one preflow: when a phase ends, its sink joins
 * the source side and the awake vertex of the lowest label is the next sink. Vertices that cannot
 * reach the sink sleep in dormant sets and wake, the latest set first, when nobody is awake.
 *
 * Two departures: a phase stops as soon as the sink's excess reaches the bound, for then its
 * cut is no better; and the whole stops when it has looked at more than `budget` arcs.
 */
export const haoOrlin = (graph: Adjacency, startBound: number, budget: number): HaoOrlinResult => {
  const { vertexCount: n, start, neighbour, reverse } = graph
  const source = heaviestVertex(graph)
  let sink = source === 0 ? 1 : 0
  const residual = graph.weight.slice()
  const excess = new Float64Array(n)
  const label = distancesTo(graph, sink, source)
  const current = start.slice(0, n)
  const state = new Int32Array(n).fill(AWAKE)
  /** The label of an awake vertex, n of any other: one load where the inner loops would need two. */
  const rank = new Int32Array(n).fill(n)
  const levels: Levels = {
    head: new Int32Array(n + 2).fill(-1),
    next: new Int32Array(n),
    previous: new Int32Array(n),
    highest: 0,
  }
  const active: ActiveStacks = {
    head: new Int32Array(n + 2).fill(-1),
    next: new Int32Array(n),
    queued: new Uint8Array(n),
    highest: -1,
  }
  const dormant: number[][] = []
  let awake = 0
  let bound = startBound
  let side: Int32Array | null = null
  let work = 0

  const sleep = (vertices: number[]): void => {
    for (const v of vertices) {
      state[v] = FIRST_DORMANT + dormant.length
      rank[v] = n
      active.queued[v] = 0
      current[v] = start[v]!
    }
    awake -= vertices.length
    work += vertices.length
    dormant.push(vertices)
  }

  /** Moves a vertex to the source side: all its residual arcs that leave that side are filled. */
  const saturate = (v: number): void => {
    for (let i = start[v]!, end = start[v + 1]!; i < end; i++) {
      const capacity = residual[i]!
      const other = neighbour[i]!
      if (capacity === 0 || state[other] === SOURCE_SIDE) continue
      residual[i] = 0
      residual[reverse[i]!]! += capacity
      excess[other]! += capacity
      if (state[other] === AWAKE && other !== sink) activate(active, other, label[other]!)
    }
  }

  /** Pushes along admissible arcs from v's current arc on; returns the excess that is left. */
  const push = (v: number, amount: number): number => {
    const level = label[v]! - 1
    const end = start[v + 1]!
    const begin = current[v]!
    let left = amount
    let i = begin
    for (; i < end; i++) {
      const capacity = residual[i]!
      const other = neighbour[i]!
      if (rank[other] !== level || capacity === 0) continue
      const moved = capacity < left ? capacity : left
      residual[i] = capacity - moved
      residual[reverse[i]!]! += moved
      excess[other]! += moved
      left -= moved
      if (other !== sink) activate(active, other, level)
      if (left === 0) break
    }
    work += i - begin + 1
    current[v] = i
    return left
  }

  /** Raises v's label to one above its lowest awake residual neighbour; false when v fell asleep. */
  const raiseLabel = (v: number): boolean => {
    const level = label[v]!
    if (levels.head[level] === v && levels.next[v]! < 0) {
      // Nobody else has this label: whoever is at it or above cannot reach the sink.
      const cutOff: number[] = []
      for (let l = level; l <= levels.highest; l++) {
        for (let x = levels.head[l]!; x >= 0; x = levels.next[x]!) cutOff.push(x)
        levels.head[l] = -1
        active.head[l] = -1
      }
      levels.highest = level - 1
      sleep(cutOff)
      return false
    }
    let lowest = n
    for (let i = start[v]!, end = start[v + 1]!; i < end; i++) {
      const other = neighbour[i]!
      if (rank[other]! < lowest && residual[i]! > 0) lowest = rank[other]!
    }
    work += start[v + 1]! - start[v]!
    remove(levels, v, level)
    if (lowest === n) {
      sleep([v])
      return false
    }
    label[v] = lowest + 1
    rank[v] = lowest + 1
    current[v] = start[v]!
    insert(levels, v, lowest + 1)
    return true
  }

  const discharge = (v: number): void => {
    let left = excess[v]!
    for (;;) {
      left = push(v, left)
      if (left === 0 || !raiseLabel(v)) break
    }
    excess[v] = left
  }

  /** Pushes excess towards the sink, highest label first; false when the budget is spent. */
  const runPhase = (): boolean => {
    while (active.highest >= 0 && excess[sink]! < bound) {
      const v = active.head[active.highest]!
      if (v < 0) {
        active.highest--
        continue
      }
      active.head[active.highest] = active.next[v]!
      active.queued[v] = 0
      if (state[v] === AWAKE && v !== sink && excess[v]! > 0) discharge(v)
      if (work > budget) return false
    }
    return true
  }

  const wakeLatest = (): void => {
    const vertices = dormant.pop()!
    levels.head.fill(-1, 0, levels.highest + 2)
    active.head.fill(-1, 0, levels.highest + 2)
    levels.highest = 0
    active.highest = -1
    awake = vertices.length
    work += awake
    for (const v of vertices) {
      state[v] = AWAKE
      rank[v] = label[v]!
      active.queued[v] = 0
      current[v] = start[v]!
      insert(levels, v, label[v]!)
    }
    for (const v of vertices) if (excess[v]! > 0) activate(active, v, label[v]!)
  }

  state[source] = SOURCE_SIDE
  const unreached: number[] = []
  awake = n - 1
  for (let v = 0; v < n; v++) {
    if (v === source) continue
    if (label[v]! >= 0) {
      rank[v] = label[v]!
      insert(levels, v, label[v]!)
    } else {
      label[v] = 0
      unreached.push(v)
    }
  }
  if (unreached.length > 0) sleep(unreached)
  saturate(source)

  for (let joined = 2; ; joined++) {
    if (!runPhase()) return { side, completed: false }
    if (excess[sink]! < bound) {
      bound = excess[sink]!
      const reaching: number[] = []
      for (let v = 0; v < n; v++) if (state[v] === AWAKE) reaching.push(v)
      side = Int32Array.from(reaching)
    }
    remove(levels, sink, label[sink]!)
    awake--
    state[sink] = SOURCE_SIDE
    rank[sink] = n
    if (joined === n) return { side, completed: true }
    const old = sink
    sink = -1
    if (awake === 0) wakeLatest()
    let lowest = 0
    while (levels.head[lowest]! < 0) lowest++
    sink = levels.head[lowest]!
    saturate(old)
  }
}
