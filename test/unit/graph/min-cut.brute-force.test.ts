import { expect, test } from "@jest/globals"
import { minCut } from "../../../plv8-src/graph/min-cut.ts"
import { bruteForceSide, crossing, exact } from "./support/brute-force.ts"
import { anyGraph, blownUp, edgesOf, shapes } from "./support/graphs.ts"
import { freshRandom, type Random, rounds } from "./support/random.ts"

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

/** Weights of which halves are no float8, or that vanish in sums with others. */
const tinyWeights: Readonly<Record<string, (random: Random) => number>> = {
  "multiples of 2^-1074": (random) => random.below(5) * 2 ** -1074,
  "1 and 2^-1074": (random) => random.pick([1, 2 ** -1074]),
  "1 and multiples of 2^-1074": (random) => random.pick([1, random.below(5) * 2 ** -1074]),
  "2^-1000 and 2^-1074": (random) => random.pick([2 ** -1000, 2 ** -1074]),
  "around the least normal number": (random) => (2 + random.below(7)) * 2 ** -1024 + random.below(3) * 2 ** -1074,
  "2^1000 and multiples of 2^-1074": (random) => random.pick([2 ** 1000, random.below(5) * 2 ** -1074]),
}

test.each(Object.entries(tinyWeights))("the first of all cuts where weights are %s", (name, weight) => {
  const random = freshRandom()
  for (let round = 0; round < rounds(2_000, 50_000); round++) {
    const nodeCount = 2 + random.below(6)
    const [shape, build] = random.pick(Object.entries(shapes))
    const graph = { nodeCount, list: build(nodeCount, () => weight(random), random) }
    const want = bruteForceSide(graph)
    const cut = minCut(nodeCount, edgesOf(graph.list))
    const witness = crossing(graph, want.side)
    if (cut?.side.join() !== want.side.join() || cut.witness.join() !== witness.join())
      throw new Error(
        `seed ${random.seed} round ${round} (${shape}, ${name}): ${JSON.stringify({ graph, got: cut, want: want.side })}`,
      )
    // Correctly rounded: at most half of the last place away, and exact where 53 bits are enough.
    const distance = exact(cut.cutValue) - want.value
    const lastPlace = 2n ** BigInt(Math.max(0, want.value.toString(2).length - 53)) / 2n
    expect(distance < 0n ? -distance : distance).toBeLessThanOrEqual(lastPlace)
  }
})

test("an edge of just less than half of a node's subnormal degree is no reason to contract it", () => {
  const source = Int32Array.of(3, 5, 4, 5, 3, 4, 6, 1, 5, 5, 5, 3)
  const target = Int32Array.of(5, 2, 1, 2, 5, 3, 6, 0, 6, 1, 2, 4)
  const weight = Float64Array.of(4, 2, 4, 1, 2, 2, 2, 4, 4, 2, 1, 0).map((units) => units * 2 ** -1074)
  expect(minCut(7, { source, target, weight })).toEqual({ cutValue: 4 * 2 ** -1074, side: [0], witness: [7] })
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
