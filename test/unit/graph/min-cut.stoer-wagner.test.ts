import { expect, test } from "@jest/globals"
import { minCut } from "../../../plv8-src/graph/min-cut.ts"
import { type EdgeTuple, edgesOf } from "./support/graphs.ts"
import { freshRandom, type Random, rounds } from "./support/random.ts"
import { stoerWagnerValue } from "./support/stoer-wagner.ts"

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Graphs that stall contraction or have no node as the best side: circulants, random regular graphs, clusters. */
const families: Readonly<Record<string, (n: number, weight: () => number, random: Random) => EdgeTuple[]>> = {
  regular: (n, weight, random) =>
    range(1 + random.below(5)).flatMap(() => {
      const tour = random.shuffled(range(n))
      return tour.map((node, i): EdgeTuple => [node, tour[(i + 1) % n]!, weight()])
    }),
  circulant: (n, weight, random) =>
    [1, 2 + random.below(3), 5].flatMap((step) => range(n).map((i): EdgeTuple => [i, (i + step) % n, weight()])),
  clusters: (n, weight, random) =>
    range(n).flatMap((a) =>
      range(n)
        .filter((b) => b > a && random.real() < (a % 3 === b % 3 ? 0.6 : 0.03))
        .map((b): EdgeTuple => [a, b, weight()]),
    ),
  sparse: (n, weight, random) => [
    ...range(n - 1).map((i): EdgeTuple => [i + 1, random.below(i + 1), weight()]),
    ...range(random.below(4 * n)).map((): EdgeTuple => [random.below(n), random.below(n), weight()]),
  ],
}

test("the value for graphs of up to 150 nodes, with ties and without", () => {
  const random = freshRandom()
  for (let round = 0; round < rounds(250, 10_000); round++) {
    const nodeCount = 11 + random.below(140)
    const [name, build] = random.pick(Object.entries(families))
    const weight = random.pick([
      (): number => 1,
      (): number => 1 + random.below(3),
      (): number => 1 + random.below(1e6),
    ])
    const graph = { nodeCount, list: build(nodeCount, weight, random) }
    const where = { seed: random.seed, round, name, nodeCount }
    const whole = minCut(nodeCount, edgesOf(graph.list))!
    expect({ ...where, value: whole.cutValue }).toEqual({ ...where, value: stoerWagnerValue(graph) })
    // Weights that no common unit fits take other ways to the same cut.
    const odd = graph.list.map(([a, b, w]): EdgeTuple => [a, b, w * (1 + 2 ** -30)])
    const last = odd.at(-1)!
    const uneven = minCut(nodeCount, edgesOf([...odd, [last[0], last[0], Math.PI]]))!
    expect({ ...where, side: uneven.side }).toEqual({ ...where, side: whole.side })
  }
})
