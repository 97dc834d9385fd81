import type { Graph } from "./graphs.ts"

/** The minimum cut's value by Stoer and Wagner 1997, word for word, over whole numbers: n - 1 phases of O(n^2). */
export const stoerWagnerValue = (graph: Graph): number => {
  const n = graph.nodeCount
  const weight = Array.from({ length: n }, () => new Float64Array(n))
  for (const [a, b, w] of graph.list) {
    if (a === b) continue
    weight[a]![b]! += w
    weight[b]![a]! += w
  }
  let vertices = Array.from({ length: n }, (_, i) => i)
  let best = Infinity
  while (vertices.length > 1) {
    const key = new Float64Array(n)
    const left = [...vertices]
    let previous = -1
    let last = -1
    while (left.length > 0) {
      let next = 0
      for (let i = 1; i < left.length; i++) if (key[left[i]!]! > key[left[next]!]!) next = i
      previous = last
      last = left.splice(next, 1)[0]!
      if (left.length === 0) best = Math.min(best, key[last]!)
      for (const v of left) key[v]! += weight[last]![v]!
    }
    for (const v of vertices) {
      weight[previous]![v]! += weight[last]![v]!
      weight[v]![previous] = weight[previous]![v]!
    }
    weight[previous]![previous] = 0
    const gone = last
    vertices = vertices.filter((v) => v !== gone)
  }
  return best
}
