import type { Edges } from "./edges.ts"
import { singletons, unite } from "./union-find.ts"

/** Disjoint sets of the nodes that edges of positive weight connect, and how many sets there are. */
export const components = (nodeCount: number, edges: Edges): { parent: Int32Array; count: number } => {
  const { source, target, weight } = edges
  const parent = new Int32Array(nodeCount)
  singletons(parent, nodeCount)
  let count = nodeCount
  for (let i = 0; i < source.length && count > 1; i++)
    if (weight[i]! > 0 && unite(parent, source[i]!, target[i]!)) count--
  return { parent, count }
}
