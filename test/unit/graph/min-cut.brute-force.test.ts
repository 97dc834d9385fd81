import { expect, test } from "@jest/globals"
import { minCut } from "../../../plv8-src/graph/min-cut.ts"
import { bruteForceSide, crossing, exact } from "./support/brute-force.ts"
import { anyGraph, blownUp, edgesOf, shapes } from "./support/graphs.ts"
import { freshRandom, rounds } from "./support/random.ts"

test("value, side and witness are those of the first of all cuts, for any small graph", () => {
  const random = freshRandom()
  for (let round = 0; round < rounds(6_000, 150_000); round++) {
    const graph = anyGraph(random, 10)
    const want = bruteForceSide(graph)
    const cut = minCut(graph.nodeCount, edgesOf(graph.list))
    const witness = crossing(graph, want.side)
    const got = { side: cut?.side, witness: cut?.witness }
    if (JSON.stringify(got) !== JSON.stringify({ side: want.side, witness }))
      throw new Error(
        `seed ${random.seed} round ${round} (${graph.name}): ${JSON.stringify({ graph, got, want: want.side })}`,
      )
    // Correctly rounded: no float8 is nearer to the exact sum.
    const distance = (value: number): bigint => {
      const d = exact(value) - want.value
      return d < 0n ? -d : d
    }
    const value = cut!.cutValue
    if (value > 0) {
      expect(distance(value)).toBeLessThanOrEqual(distance(value * (1 + 2 ** -52)))
      expect(distance(value)).toBeLessThanOrEqual(distance(value * (1 - 2 ** -53)))
    } else expect(want.value).toBe(0n)
  }
})

test("graphs too large for the small cases' paths: every node blown up to a clique", () => {
  const random = freshRandom()
  for (let round = 0; round < rounds(250, 5_000); round++) {
    const small = 2 + random.below(6)
    const weight = (): number => 1 + random.below(3)
    const [name, build] = random.pick(Object.entries(shapes))
    const graph = { nodeCount: small, list: build(small, weight, random) }
    const degrees = Array.from({ length: small }, (_, v) =>
      graph.list.reduce((sum, [a, b, w]) => (a !== b && (a === v || b === v) ? sum + w : sum), 0),
    )
    const sizes = degrees.map(() => 4 + random.below(random.pick([3, 40])))
    const { nodeCount, list, members } = blownUp(graph, sizes, Math.min(...degrees), random)
    const want = bruteForceSide(graph, (v) => members[v]!)
    const cut = minCut(nodeCount, edgesOf(list))
    if (cut?.side.join() !== want.side.join())
      throw new Error(
        `seed ${random.seed} round ${round} (${name}): ${JSON.stringify({ graph, sizes, got: cut?.side, want: want.side })}`,
      )
  }
})
