/**
 * Vertices with keys that only grow, largest first; all keys of `limit` and more count as equal.
 *
 * Keys at the limit sit on a stack, the others in a 4-ary heap (bounded priority queue:
 * Henzinger, Noe, Schulz, Strash, "Practical Minimum Cut Algorithms", 2018).
 */
export interface BoundedHeap {
  readonly key: Float64Array
  /** Position in the heap, or one of the states below. */
  readonly place: Int32Array
  readonly heap: Int32Array
  readonly full: Int32Array
  heapSize: number
  fullSize: number
}

const ABSENT = -1
export const TAKEN = -2
const AT_LIMIT = -3

export const boundedHeap = (capacity: number): BoundedHeap => ({
  key: new Float64Array(capacity),
  place: new Int32Array(capacity),
  heap: new Int32Array(capacity),
  full: new Int32Array(capacity),
  heapSize: 0,
  fullSize: 0,
})

const siftUp = (queue: BoundedHeap, vertex: number, start: number): void => {
  const { key, place, heap } = queue
  const k = key[vertex]!
  let at = start
  while (at > 0) {
    const above = (at - 1) >> 2
    const other = heap[above]!
    if (key[other]! >= k) break
    heap[at] = other
    place[other] = at
    at = above
  }
  heap[at] = vertex
  place[vertex] = at
}

const siftDown = (queue: BoundedHeap, vertex: number, start: number): void => {
  const { key, place, heap, heapSize } = queue
  const k = key[vertex]!
  let at = start
  for (;;) {
    const first = 4 * at + 1
    if (first >= heapSize) break
    let child = first
    let largest = key[heap[first]!]!
    const end = first + 4 < heapSize ? first + 4 : heapSize
    for (let i = first + 1; i < end; i++) {
      const other = key[heap[i]!]!
      if (other > largest) {
        largest = other
        child = i
      }
    }
    if (largest <= k) break
    const moved = heap[child]!
    heap[at] = moved
    place[moved] = at
    at = child
  }
  heap[at] = vertex
  place[vertex] = at
}

/** Empties the queue for `count` vertices with keys of 0, and puts `first` on the stack. */
export const resetHeap = (queue: BoundedHeap, count: number, first: number): void => {
  queue.key.fill(0, 0, count)
  queue.place.fill(ABSENT, 0, count)
  queue.heapSize = 0
  queue.fullSize = 1
  queue.full[0] = first
  queue.place[first] = AT_LIMIT
}

/** Takes a vertex with the largest key (capped at the limit), or -1 when none is queued. */
export const takeLargest = (queue: BoundedHeap): number => {
  const { heap, full, place } = queue
  let vertex = -1
  if (queue.fullSize > 0) vertex = full[--queue.fullSize]!
  else if (queue.heapSize > 0) {
    vertex = heap[0]!
    const moved = heap[--queue.heapSize]!
    if (queue.heapSize > 0) siftDown(queue, moved, 0)
  } else return -1
  place[vertex] = TAKEN
  return vertex
}

/** Adds to the key of a vertex that was not taken; true when the key is now at the limit or above. */
export const raise = (queue: BoundedHeap, vertex: number, by: number, limit: number): boolean => {
  const { key, place, heap } = queue
  const raised = key[vertex]! + by
  key[vertex] = raised
  const at = place[vertex]!
  if (raised < limit) {
    siftUp(queue, vertex, at === ABSENT ? queue.heapSize++ : at)
    return false
  }
  if (at === AT_LIMIT) return true
  if (at !== ABSENT) {
    const moved = heap[--queue.heapSize]!
    if (moved !== vertex) {
      if (at > 0 && key[moved]! > key[heap[(at - 1) >> 2]!]!) siftUp(queue, moved, at)
      else siftDown(queue, moved, at)
    }
  }
  place[vertex] = AT_LIMIT
  queue.full[queue.fullSize++] = vertex
  return true
}
