import { expect, test } from "@jest/globals"
import { adjacencyOf } from "../../../plv8-src/graph/adjacency.ts"
import { haoOrlin } from "../../../plv8-src/graph/hao-orlin.ts"
import { crossing } from "./support/brute-force.ts"
import { type EdgeTuple, edgesOf } from "./support/graphs.ts"
import { freshRandom, rounds } from "./support/random.ts"
import { stoerWagnerValue } from "./support/stoer-wagner.ts"

test("a completed run finds a minimum cut below the bound, and none when the bound is the minimum", () => {
  const random = freshRandom()
  for (let round = 0; round < rounds(1500, 100_000); round++) {
    const nodeCount = 3 + random.below(random.pick([8, 40]))
    const list: EdgeTuple[] = Array.from({ length: nodeCount - 1 }, (_, i) => [
      i + 1,
      random.below(i + 1),
      1 + random.below(5),
    ])
    for (let i = random.below(4 * nodeCount); i > 0; i--)
      list.push([random.below(nodeCount), random.below(nodeCount), 1 + random.below(5)])
    const edges = edgesOf(list)
    const graph = adjacencyOf(nodeCount, edges, list.length)
    const value = stoerWagnerValue({ nodeCount, list })
    const where = { seed: random.seed, round }
    const free = haoOrlin(graph, Infinity, Infinity)
    const found = crossing({ nodeCount, list }, [...free.side!]).reduce((sum, i) => sum + list[i]![2], 0)
    expect({ ...where, completed: free.completed, found }).toEqual({ ...where, completed: true, found: value })
    expect({ ...where, ...haoOrlin(graph, value, Infinity) }).toEqual({ ...where, side: null, completed: true })
  }
})

test("it stops when the budget of work is spent", () => {
  const list = Array.from({ length: 120 }, (_, i): EdgeTuple => [i % 60, (i + (i < 60 ? 1 : 7)) % 60, 1 + (i % 3)])
  expect(haoOrlin(adjacencyOf(60, edgesOf(list), list.length), Infinity, 10).completed).toBe(false)
})
