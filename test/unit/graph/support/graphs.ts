import type { Edges } from "../../../../plv8-src/graph/edges.ts"
import type { Random } from "./random.ts"

export type EdgeTuple = readonly [source: number, target: number, weight: number]

export interface Graph {
  readonly nodeCount: number
  readonly list: readonly EdgeTuple[]
}

export const edgesOf = (list: readonly EdgeTuple[]): Edges => ({
  source: Int32Array.from(list, ([source]) => source),
  target: Int32Array.from(list, ([, target]) => target),
  weight: Float64Array.from(list, ([, , weight]) => weight),
})

/** Ways to draw weights: many ties, ties with fractions, decimals that no float8 holds exactly, six decades and more. */
export const weightKinds: Readonly<Record<string, (random: Random) => number>> = {
  "small integers and 0": (random) => random.below(4),
  "one or two": (random) => 1 + random.below(2),
  "all one": () => 1,
  "dyadic fractions": (random) => random.below(5) / 4,
  "all 0.1": () => 0.1,
  decimals: (random) => random.pick([0.1, 0.2, 0.3, 0.4, 0.7]),
  "uniform reals": (random) => random.real(),
  "1e-6 to 1e6": (random) => 10 ** (random.real() * 12 - 6),
  "0, 1e-6, 1 and 1e6": (random) => random.pick([0, 1e-6, 1, 1e6]),
  "subnormal and huge": (random) => random.pick([5e-324, 1e-310, 1, 1e300]),
}

/** Shapes of small graphs: with parallel edges, self-loops and isolated nodes, or rich in equal cuts. */
export const shapes: Readonly<Record<string, (n: number, weight: () => number, random: Random) => EdgeTuple[]>> = {
  "any edges": (n, weight, random) =>
    Array.from({ length: random.below(3 * n) }, () => [random.below(n), random.below(n), weight()] as const),
  "cycle and chords": (n, weight, random) => {
    const nodes = random.shuffled(Array.from({ length: n }, (_, i) => i))
    const cycle = nodes.map((node, i) => [node, nodes[(i + 1) % n] as number, weight()] as const)
    return [
      ...cycle,
      ...Array.from({ length: random.below(3) }, () => [random.below(n), random.below(n), weight()] as const),
    ]
  },
  "tree and more": (n, weight, random) => {
    const nodes = random.shuffled(Array.from({ length: n }, (_, i) => i))
    const tree = nodes.slice(1).map((node, i) => [node, nodes[random.below(i + 1)] as number, weight()] as const)
    return [
      ...tree,
      ...Array.from({ length: random.below(n) }, () => [random.below(n), random.below(n), weight()] as const),
    ]
  },
  dense: (n, weight, random) => {
    const list: EdgeTuple[] = []
    for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) if (random.real() < 0.7) list.push([a, b, weight()])
    return list
  },
}

/** A small graph of some shape with some kind of weights, named for the message of a failure. */
export const anyGraph = (random: Random, maxNodes: number): Graph & { readonly name: string } => {
  const nodeCount = 2 + random.below(maxNodes - 1)
  const [kind, weight] = random.pick(Object.entries(weightKinds))
  const [shape, build] = random.pick(Object.entries(shapes))
  return { nodeCount, list: build(nodeCount, () => weight(random), random), name: `${shape}, ${kind}` }
}

/**
 * Replaces every node of a graph by a clique of several nodes whose inner connectivity is
 * above `connectivity`, but no inner edge is; node numbers are shuffled. So minimum cuts at
 * or below `connectivity` are those of the small graph, with other sizes of sides.
 */
export const blownUp = (graph: Graph, sizes: readonly number[], connectivity: number, random: Random) => {
  const nodeCount = sizes.reduce((a, b) => a + b, 0)
  const numbers = random.shuffled(Array.from({ length: nodeCount }, (_, i) => i))
  let used = 0
  const members = sizes.map((size) => numbers.slice(used, (used += size)))
  const list: EdgeTuple[] = []
  for (const clique of members) {
    const weight = Math.floor(connectivity / Math.max(1, clique.length - 1)) + 1
    for (const [i, a] of clique.entries()) for (const b of clique.slice(i + 1)) list.push([a, b, weight])
  }
  for (const [a, b, weight] of graph.list) list.push([random.pick(members[a]!), random.pick(members[b]!), weight])
  return { nodeCount, list: random.shuffled(list), members }
}
