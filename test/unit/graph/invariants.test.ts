import { expect, test } from "@jest/globals"
import { lambda2 } from "../../../plv8-src/graph/lambda2.ts"
import { minCut } from "../../../plv8-src/graph/min-cut.ts"
import { crossing } from "./support/brute-force.ts"
import { anyGraph, type EdgeTuple, edgesOf, type Graph } from "./support/graphs.ts"
import { freshRandom, type Random, rounds } from "./support/random.ts"

const cutOf = (graph: Graph) => minCut(graph.nodeCount, edgesOf(graph.list))!
const lambda2Of = (graph: Graph): number => lambda2(graph.nodeCount, edgesOf(graph.list))!

const isConnected = (graph: Graph): boolean => {
  const reached = new Set([0])
  for (let grown = -1; grown !== reached.size; ) {
    grown = reached.size
    for (const [a, b, weight] of graph.list)
      if (weight > 0 && (reached.has(a) || reached.has(b))) {
        reached.add(a)
        reached.add(b)
      }
  }
  return reached.size === graph.nodeCount
}

/** Runs a property over random graphs; what fails is thrown with its seed. */
const forAll = (count: number, property: (graph: Graph, random: Random, name: string) => void): void => {
  const random = freshRandom()
  for (let round = 0; round < count; round++) {
    const graph = anyGraph(random, random.pick([6, 12, 40]))
    if (graph.name.includes("subnormal")) continue
    try {
      property(graph, random, graph.name)
    } catch (error) {
      throw new Error(`seed ${random.seed} round ${round} (${graph.name}): ${JSON.stringify(graph)}`, { cause: error })
    }
  }
}

test("the cut is no more than the least degree, and its witness is what crosses its side", () => {
  forAll(rounds(1500, 50_000), (graph) => {
    const cut = cutOf(graph)
    const degrees = Array.from({ length: graph.nodeCount }, (_, v) =>
      graph.list.reduce((sum, [a, b, w]) => (a !== b && (a === v || b === v) ? sum + w : sum), 0),
    )
    expect(cut.cutValue).toBeLessThanOrEqual(Math.min(...degrees) * (1 + 1e-12))
    expect(cut.side.length).toBeGreaterThan(0)
    expect(cut.side.length * 2).toBeLessThanOrEqual(graph.nodeCount)
    expect(cut.side).toEqual([...new Set(cut.side)].toSorted((a, b) => a - b))
    expect(cut.witness).toEqual(crossing(graph, cut.side))
    const sum = cut.witness.reduce((total, i) => total + graph.list[i]![2], 0)
    expect(Math.abs(sum - cut.cutValue)).toBeLessThanOrEqual(1e-12 * cut.cutValue)
  })
})

test("without the witness the graph is disconnected; value 0, lambda2 0 and disconnected are one", () => {
  forAll(rounds(1500, 50_000), (graph) => {
    const cut = cutOf(graph)
    const removed = new Set(cut.witness)
    const rest = { ...graph, list: graph.list.filter((_, i) => !removed.has(i)) }
    expect(isConnected(rest)).toBe(false)
    expect(cutOf(rest).cutValue).toBe(0)
    const connected = isConnected(graph)
    expect(cut.cutValue === 0).toBe(!connected)
    expect(lambda2Of(graph) === 0).toBe(!connected)
  })
})

test("lambda2 (n - 1) / n <= cut, and lambda2 <= n cut(S) / (|S| (n - |S|)) for any S", () => {
  forAll(rounds(800, 20_000), (graph, random) => {
    const n = graph.nodeCount
    const value = lambda2Of(graph) * (1 - 1e-9)
    expect((value * (n - 1)) / n).toBeLessThanOrEqual(cutOf(graph).cutValue)
    for (let i = 0; i < 5; i++) {
      const side = Array.from({ length: n }, (_, v) => v).filter(() => random.real() < 0.5)
      if (side.length === 0 || side.length === n) continue
      const crossed = crossing(graph, side).reduce((sum, at) => sum + graph.list[at]![2], 0)
      expect(value).toBeLessThanOrEqual(((n * crossed) / (side.length * (n - side.length))) * (1 + 1e-12))
    }
  })
})

test("one more edge lowers neither", () => {
  forAll(rounds(600, 20_000), (graph, random) => {
    const edge: EdgeTuple = [random.below(graph.nodeCount), random.below(graph.nodeCount), random.real()]
    const more = { ...graph, list: [...graph.list, edge] }
    expect(cutOf(more).cutValue).toBeGreaterThanOrEqual(cutOf(graph).cutValue)
    expect(lambda2Of(more)).toBeGreaterThanOrEqual(lambda2Of(graph) * (1 - 2e-9))
  })
})

test("weights times a power of two scale both exactly", () => {
  forAll(rounds(600, 20_000), (graph, random) => {
    const scale = 2 ** (random.below(101) - 50)
    const scaled = { ...graph, list: graph.list.map(([a, b, w]) => [a, b, w * scale] as const) }
    const cut = cutOf(graph)
    expect(cutOf(scaled)).toEqual({ ...cut, cutValue: cut.cutValue * scale })
    expect(lambda2Of(scaled)).toBe(lambda2Of(graph) * scale)
  })
})

test("the order and direction of edges change nothing but positions", () => {
  forAll(rounds(1500, 50_000), (graph, random) => {
    const order = random.shuffled(graph.list.map((_, i) => i))
    const list = order.map((i): EdgeTuple => {
      const [a, b, w] = graph.list[i]!
      return random.below(2) === 0 ? [a, b, w] : [b, a, w]
    })
    const cut = cutOf(graph)
    const other = cutOf({ ...graph, list })
    expect(other.side).toEqual(cut.side)
    expect(other.cutValue).toBe(cut.cutValue)
    expect(other.witness.map((i) => order[i]!).toSorted((a, b) => a - b)).toEqual(cut.witness)
  })
})

test("other node numbers leave the value bit for bit and the size of the side", () => {
  forAll(rounds(1000, 30_000), (graph, random) => {
    const number = random.shuffled(Array.from({ length: graph.nodeCount }, (_, i) => i))
    const list = graph.list.map(([a, b, w]): EdgeTuple => [number[a]!, number[b]!, w])
    const other = cutOf({ ...graph, list })
    expect(other.cutValue).toBe(cutOf(graph).cutValue)
    expect(other.side.length).toBe(cutOf(graph).side.length)
  })
})
