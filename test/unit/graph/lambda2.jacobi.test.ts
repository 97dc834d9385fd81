import { expect, test } from "@jest/globals"
import { lambda2 } from "../../../plv8-src/graph/lambda2.ts"
import { anyGraph, edgesOf, type Graph, shapes } from "./support/graphs.ts"
import { jacobiEigenvalues, laplacianMatrix } from "./support/jacobi.ts"
import { freshRandom, rounds } from "./support/random.ts"

/** Jacobi's own error: a few units in the last place of the largest eigenvalue. */
const expectClose = (graph: Graph, where: string): void => {
  const eigenvalues = jacobiEigenvalues(laplacianMatrix(graph))
  const want = eigenvalues[1]!
  const largest = eigenvalues.at(-1)!
  const got = lambda2(graph.nodeCount, edgesOf(graph.list))!
  if (!(Math.abs(got - want) <= 1e-9 * want + 1e-14 * largest * graph.nodeCount))
    throw new Error(`${where}: expected ${want}, got ${got} for ${JSON.stringify(graph)}`)
}

test("lambda2 of small graphs of any kind", () => {
  const random = freshRandom()
  for (let round = 0; round < rounds(2_000, 100_000); round++) {
    const graph = anyGraph(random, 10)
    if (graph.name.includes("subnormal")) continue
    expectClose(graph, `seed ${random.seed} round ${round} (${graph.name})`)
  }
})

test("lambda2 of graphs that are iterated on, dense and sparse, even and uneven", () => {
  const random = freshRandom()
  for (let round = 0; round < rounds(12, 300); round++) {
    const nodeCount = 65 + random.below(40)
    const weight = random.pick([
      (): number => 1,
      (): number => random.real(),
      (): number => 10 ** (4 * random.real() - 2),
    ])
    const [name, build] = random.pick(Object.entries(shapes))
    const graph = { nodeCount, list: build(nodeCount, weight, random) }
    expectClose(graph, `seed ${random.seed} round ${round} (${name})`)
  }
})

test("ill-conditioned graphs keep their relative precision", () => {
  // Two stiff groups joined by a feather: the value is 4 w / n to first order in w.
  for (const weight of [1e-6, 1e-9, 1e-12]) {
    const list = [0, 5].flatMap((from) =>
      [0, 1, 2, 3, 4].flatMap((a) =>
        [0, 1, 2, 3, 4].filter((b) => b > a).map((b) => [from + a, from + b, 1e6] as const),
      ),
    )
    const got = lambda2(10, edgesOf([...list, [0, 5, weight]]))!
    expect(Math.abs(got / ((4 * weight) / 10) - 1)).toBeLessThanOrEqual(1e-9)
  }
})

test("two eigenvalues that differ by 3e-6 are told apart", () => {
  const list = [
    [1, 5, 1e-6],
    [5, 1, 1],
    [0, 5, 1e-6],
    [4, 0, 1],
    [1, 0, 1e6],
    [3, 1, 1e6],
    [5, 0, 1e-6],
    [4, 5, 1e-6],
    [2, 1, 1],
  ] as const
  const got = lambda2(6, edgesOf(list))!
  expect(Math.abs(got / 0.999999902832179 - 1)).toBeLessThanOrEqual(1e-9)
})

test("a dense graph with uneven degrees is iterated on with a preconditioner", () => {
  const random = freshRandom()
  for (let round = 0; round < rounds(1, 40); round++) {
    const nodeCount = 260 + random.below(60)
    // A clique, and around it nodes that hang on a few of its members each.
    const inner = 200
    const list = Array.from({ length: nodeCount }, (_, a) =>
      a < inner
        ? Array.from({ length: a }, (_, b) => [a, b, random.real()] as const)
        : Array.from({ length: 3 + random.below(9) }, () => [a, random.below(inner), random.real()] as const),
    ).flat()
    const eigenvalues = jacobiEigenvalues(laplacianMatrix({ nodeCount, list }))
    const got = lambda2(nodeCount, edgesOf(list))!
    expect([random.seed, Math.abs(got / eigenvalues[1]! - 1) <= 1e-9]).toEqual([random.seed, true])
  }
})
