import type { EdgeTuple, Graph } from "./graphs.ts"

const graph = (nodeCount: number, list: readonly EdgeTuple[]): Graph => ({ nodeCount, list })

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

export const path = (n: number): Graph =>
  graph(
    n,
    range(n - 1).map((i) => [i, i + 1, 1]),
  )

export const cycle = (n: number): Graph =>
  graph(
    n,
    range(n).map((i) => [i, (i + 1) % n, 1]),
  )

export const star = (n: number): Graph =>
  graph(
    n,
    range(n - 1).map((i) => [0, i + 1, 1]),
  )

const cliqueEdges = (from: number, to: number, weight = 1): EdgeTuple[] => {
  const list: EdgeTuple[] = []
  for (let a = from; a < to; a++) for (let b = a + 1; b < to; b++) list.push([a, b, weight])
  return list
}

export const complete = (n: number): Graph => graph(n, cliqueEdges(0, n))

/** Two cliques of k nodes and one edge between them. */
export const barbell = (k: number): Graph =>
  graph(2 * k, [...cliqueEdges(0, k), ...cliqueEdges(k, 2 * k), [k - 1, k, 1]])

export const hypercube = (dimensions: number): Graph =>
  graph(
    2 ** dimensions,
    range(2 ** dimensions).flatMap((a) =>
      range(dimensions).flatMap((bit): EdgeTuple[] => ((a >> bit) & 1 ? [] : [[a, a | (1 << bit), 1]])),
    ),
  )

export const grid = (rows: number, columns: number): Graph =>
  graph(
    rows * columns,
    range(rows * columns).flatMap((at): EdgeTuple[] => [
      ...(at % columns < columns - 1 ? [[at, at + 1, 1] as const] : []),
      ...(at < (rows - 1) * columns ? [[at, at + columns, 1] as const] : []),
    ]),
  )

export const completeBipartite = (a: number, b: number): Graph =>
  graph(
    a + b,
    range(a).flatMap((x) => range(b).map((y) => [x, a + y, 1] as const)),
  )
