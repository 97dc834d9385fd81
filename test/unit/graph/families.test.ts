import { expect, test } from "@jest/globals"
import { lambda2 } from "../../../plv8-src/graph/lambda2.ts"
import { minCut } from "../../../plv8-src/graph/min-cut.ts"
import { barbell, complete, completeBipartite, cycle, grid, hypercube, path, star } from "./support/families.ts"
import { edgesOf, type Graph } from "./support/graphs.ts"

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** The eigenvalue of a path's or grid's longest direction. */
const pathValue = (n: number): number => 4 * Math.sin(Math.PI / (2 * n)) ** 2

/** Closed forms: the cut's value and canonical side, and lambda2 (Fiedler 1973; Mohar 1991). */
const known: readonly (readonly [name: string, graph: Graph, cut: number, side: number[], lambda2: number])[] = [
  ["path of 2", path(2), 1, [0], 2],
  ["path of 3", path(3), 1, [0], 1],
  ["path of 100", path(100), 1, [0], pathValue(100)],
  ["path of 1500", path(1500), 1, [0], pathValue(1500)],
  ["cycle of 3", cycle(3), 2, [0], 3],
  ["cycle of 97", cycle(97), 2, [0], 4 * Math.sin(Math.PI / 97) ** 2],
  ["cycle of 1000", cycle(1000), 2, [0], 4 * Math.sin(Math.PI / 1000) ** 2],
  ["complete graph of 2", complete(2), 1, [0], 2],
  ["complete graph of 50", complete(50), 49, [0], 50],
  ["complete graph of 300", complete(300), 299, [0], 300],
  ["star of 3", star(3), 1, [1], 1],
  ["star of 400", star(400), 1, [1], 1],
  ["hypercube of 3 dimensions", hypercube(3), 3, [0], 2],
  ["hypercube of 10 dimensions", hypercube(10), 10, [0], 2],
  ["grid of 3 x 4", grid(3, 4), 2, [0], pathValue(4)],
  ["grid of 30 x 40", grid(30, 40), 2, [0], pathValue(40)],
  ["complete bipartite graph of 3 and 5", completeBipartite(3, 5), 3, [3], 3],
  ["complete bipartite graph of 40 and 90", completeBipartite(40, 90), 40, [40], 40],
  // The root of x^2 - (k + 2) x + 2: eigenvectors that are constant but for sign on either clique's inner nodes.
  ["barbell of 2 x 10", barbell(10), 1, range(10), (12 - Math.sqrt(144 - 8)) / 2],
  ["barbell of 2 x 200", barbell(200), 1, range(200), 4 / (202 + Math.sqrt(202 ** 2 - 8))],
]

for (const [name, graph, cutValue, side, connectivity] of known)
  test(name, () => {
    const edges = edgesOf(graph.list)
    expect(minCut(graph.nodeCount, edges)).toMatchObject({ cutValue, side })
    const got = lambda2(graph.nodeCount, edges)!
    expect(Math.abs(got - connectivity) / connectivity).toBeLessThanOrEqual(1e-9)
  })
