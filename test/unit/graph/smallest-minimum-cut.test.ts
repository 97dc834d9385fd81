import { expect, test } from "@jest/globals"
import { components } from "../../../plv8-src/graph/components.ts"
import { kernelOf } from "../../../plv8-src/graph/kernel.ts"
import { smallestMinimumCut } from "../../../plv8-src/graph/smallest-minimum-cut.ts"
import { bruteForceSide, crossing } from "./support/brute-force.ts"
import { anyGraph, type EdgeTuple, edgesOf } from "./support/graphs.ts"
import { freshRandom, rounds } from "./support/random.ts"

test("the first of all minimum cuts of a graph that nothing was contracted in, whatever its vertices hold", () => {
  const random = freshRandom()
  for (let round = 0; round < rounds(3000, 100_000); round++) {
    const graph = anyGraph(random, 9)
    if (components(graph.nodeCount, edgesOf(graph.list)).count > 1) continue
    // Every vertex stands for one node or more; the edges hang on the first of them.
    const sizes = Array.from({ length: graph.nodeCount }, () => random.pick([1, 1, 1, 2, 5]))
    const nodes = random.shuffled(sizes.flatMap((size, vertex) => Array.from({ length: size }, () => vertex)))
    const members = sizes.map((_, vertex) => nodes.flatMap((owner, node) => (owner === vertex ? [node] : [])))
    const edges = edgesOf(graph.list.map(([a, b, w]) => [members[a]![0]!, members[b]![0]!, w]))
    // Half of the kernels whose sums are exact are told the minimum.
    const best = crossing(graph, bruteForceSide(graph).side).reduce((sum, i) => sum + graph.list[i]![2], 0)
    const isTold = random.below(2) === 0 && graph.list.every(([, , w]) => Number.isInteger(w * 4) && w < 1e9)
    const kernel = kernelOf(Int32Array.from(nodes), graph.nodeCount, edges, isTold ? best : null)
    const inside = smallestMinimumCut(kernel)
    const got = nodes.flatMap((vertex, node) => (inside[vertex] === 1 ? [node] : []))
    const want = bruteForceSide(graph, (vertex) => members[vertex]!).side
    if (got.join() !== want.join())
      throw new Error(
        `seed ${random.seed} round ${round} (${graph.name}): ${JSON.stringify({ graph, members, got, want })}`,
      )
  }
})

test("the smallest side may hold the vertex that the flows start from", () => {
  // A ring of three groups: flows from group {0, 1} first see the two larger groups.
  const list: EdgeTuple[] = [
    [0, 1, 5],
    [2, 3, 5],
    [3, 4, 5],
    [5, 6, 5],
    [6, 7, 5],
    [1, 2, 1],
    [4, 5, 1],
    [7, 0, 1],
  ]
  for (const minimum of [null, 2]) {
    const kernel = kernelOf(
      Int32Array.from({ length: 8 }, (_, i) => i),
      8,
      edgesOf(list),
      minimum,
    )
    expect([...smallestMinimumCut(kernel)]).toEqual([1, 1, 0, 0, 0, 0, 0, 0])
  }
})
