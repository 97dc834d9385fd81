/** The graphs of the minimum cut and lambda2 benchmarks, always the same. */
import type { GraphArrays } from "./peer.ts"

/** mulberry32 */
const generator = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Add = (a: number, b: number) => void

const build = (nodeCount: number, unit: boolean, fill: (add: Add, random: () => number) => void): GraphArrays => {
  const random = generator(nodeCount)
  const source: number[] = []
  const target: number[] = []
  const weight: number[] = []
  fill((a, b) => {
    source.push(a)
    target.push(b)
    weight.push(unit ? 1 : 0.1 + 0.9 * random())
  }, random)
  return {
    nodeCount,
    source: Int32Array.from(source),
    target: Int32Array.from(target),
    weight: Float64Array.from(weight),
  }
}

/** The source document's contraction: a clique of partitions, centroids and shards tied to it and to each other. */
const roles = (n: number, unit: boolean): GraphArrays =>
  build(n, unit, (add, random) => {
    const partitions = Math.round(0.7 * n)
    const centroids = Math.round(0.25 * n)
    const shards = n - partitions - centroids
    const links = Math.min(20, shards)
    for (let a = 0; a < partitions; a++) for (let b = a + 1; b < partitions; b++) add(a, b)
    for (let c = partitions; c < partitions + centroids; c++) {
      add(c, Math.floor(random() * partitions))
      for (let i = 0; i < links; i++) add(c, partitions + centroids + Math.floor(random() * shards))
    }
    for (let s = n - shards; s < n; s++) for (let i = 0; i < links; i++) add(s, Math.floor(random() * partitions))
  })

const complete = (n: number, unit: boolean): GraphArrays =>
  build(n, unit, (add) => {
    for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) add(a, b)
  })

const clusters = (n: number, unit: boolean): GraphArrays =>
  build(n, unit, (add, random) => {
    const half = n / 2
    for (const from of [0, half])
      for (let a = 0; a < half; a++) for (let b = a + 1; b < half; b++) if (random() < 0.5) add(from + a, from + b)
    for (let i = 0; i < n / 50; i++) add(Math.floor(random() * half), half + Math.floor(random() * half))
  })

const sparse = (n: number, unit: boolean): GraphArrays =>
  build(n, unit, (add, random) => {
    for (let v = 1; v < n; v++) add(v, Math.floor(random() * v))
    for (let i = n - 1; i < 5 * n; i++) add(Math.floor(random() * n), Math.floor(random() * n))
  })

/** Union of five random tours through all nodes: no node is lighter than another. */
const regular = (n: number, unit: boolean): GraphArrays =>
  build(n, unit, (add, random) => {
    for (let tour = 0; tour < 5; tour++) {
      const order = Array.from({ length: n }, (_, i) => i)
      for (let i = n - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1))
        const swap = order[i]!
        order[i] = order[j]!
        order[j] = swap
      }
      for (let i = 0; i < n; i++) add(order[i]!, order[(i + 1) % n]!)
    }
  })

export interface BenchGraph {
  readonly name: string
  readonly graph: () => GraphArrays
}

const families = { roles, complete, clusters, sparse, regular }

const named = (family: keyof typeof families, n: number, unit: boolean): BenchGraph => ({
  name: `${family} ${n}, ${unit ? "weights 1" : "real weights"}`,
  graph: () => families[family](n, unit),
})

const sizes: readonly (readonly [keyof typeof families, readonly number[]])[] = [
  ["roles", [100, 1000]],
  ["complete", [100, 1000]],
  ["clusters", [100, 1000]],
  ["sparse", [100, 1000, 100_000]],
  ["regular", [100, 1000, 10_000]],
]

export const cutGraphs: readonly BenchGraph[] = sizes.flatMap(([family, list]) =>
  list.flatMap((n) => [named(family, n, false), named(family, n, true)]),
)
