import { expect, test } from "@jest/globals"
import { minCut } from "../../../plv8-src/graph/min-cut.ts"
import { crossing } from "./support/brute-force.ts"
import { blownUp, type EdgeTuple, edgesOf } from "./support/graphs.ts"
import { freshRandom, type Random, rounds } from "./support/random.ts"

/** The best of candidate sides by the rule: least value, smaller side, first list. */
const best = (graph: { nodeCount: number; list: readonly EdgeTuple[] }, sides: readonly number[][]): number[] => {
  const value = (side: readonly number[]): number =>
    crossing(graph, side).reduce((sum, i) => sum + graph.list[i]![2], 0)
  const all = sides.flatMap((side) => {
    const inside = new Set(side)
    const other = Array.from({ length: graph.nodeCount }, (_, i) => i).filter((node) => !inside.has(node))
    return [side.toSorted((a, b) => a - b), other].map((list) => ({ list, value: value(list) }))
  })
  const order = (a: readonly number[], b: readonly number[]): number => {
    const at = a.findIndex((node, i) => node !== b[i])
    return at < 0 ? 0 : a[at]! - b[at]!
  }
  all.sort((a, b) => a.value - b.value || a.list.length - b.list.length || order(a.list, b.list))
  return all[0]!.list
}

const chain = (random: Random, closed: boolean) => {
  const count = 3 + random.below(25)
  const kinds = random.pick([[1], [1, 2], [1, 1, 1, 5], [0.1, 0.3], [0.1, 0.7, 0.1]])
  const list = Array.from(
    { length: closed ? count : count - 1 },
    (_, i) => [i, (i + 1) % count, random.pick(kinds)] as const,
  )
  const sizes = list.length === count ? list.map(() => 1) : [...list.map(() => 1), 1]
  const grown = sizes.map(() => random.pick([1, 1, 5, 8]))
  return { graph: { nodeCount: count, list }, sizes: random.below(2) === 0 ? sizes : grown }
}

test("a ring of cliques: the first of all pairs of ring edges", () => {
  const random = freshRandom()
  for (let round = 0; round < rounds(150, 5_000); round++) {
    const { graph, sizes } = chain(random, true)
    const blown = blownUp(graph, sizes, 12, random)
    const arcs = sizes.flatMap((_, from) =>
      sizes.slice(from + 1).map((_, i) => blown.members.slice(from, from + i + 1).flat()),
    )
    const want = best(blown, arcs)
    const got = minCut(blown.nodeCount, edgesOf(blown.list))?.side
    expect({ seed: random.seed, round, side: got }).toEqual({ seed: random.seed, round, side: want })
  }
})

test("a chain of cliques: the first of all its edges", () => {
  const random = freshRandom()
  for (let round = 0; round < rounds(150, 5_000); round++) {
    const { graph, sizes } = chain(random, false)
    const blown = blownUp(graph, sizes, 12, random)
    const want = best(
      blown,
      sizes.slice(1).map((_, i) => blown.members.slice(0, i + 1).flat()),
    )
    const got = minCut(blown.nodeCount, edgesOf(blown.list))?.side
    expect({ seed: random.seed, round, side: got }).toEqual({ seed: random.seed, round, side: want })
  }
})
