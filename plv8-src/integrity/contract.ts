import { edgeOrder, nodeKey, nodeOrder, sourceKey, targetKey } from "./canonical-order.ts"
import { invalid } from "./input.ts"
import type { Checked } from "./evidence.ts"
import type { Assumption } from "./judge-signal.ts"
import { roleGraph } from "./role-nodes.ts"
import type { Contracted, GraphEdge } from "./types.ts"
import { addUserGraph } from "./user-graph.ts"

/** Row of `integrity._contract`: the graph, and its edges as arrays for integrity.min_cut. */
export type Contraction = {
  graph: Contracted
  /** The healthy cut must be computed too: without user-added nodes and edges it is exactly 1. */
  normalise: boolean
  node_count: number
  source: number[]
  target: number[]
  weight: number[]
  healthy_weight: number[]
}

/**
 * Contracts evidence into the role graph. Nodes are in canonical order (type, id), so that the minimum cut, which prefers
 * the smaller side and then the lower positions, is the canonical witness.
 */
export const contract = (checked: Checked, assumption: Assumption | null = null): Contraction => {
  const pending = roleGraph(checked.signals, assumption)
  addUserGraph(pending, checked, assumption)
  const nodes = pending.nodes.sort(nodeOrder)
  const positions = new Map(nodes.map((node, position) => [nodeKey(node), position]))
  if (positions.size < nodes.length)
    throw invalid("evidence.user_nodes", "ids that differ within a type", "the same id")
  const at = (key: string): number => positions.get(key) ?? -1
  const edges = pending.edges
    .map((edge): GraphEdge => Object.assign({}, edge, { source: at(sourceKey(edge)), target: at(targetKey(edge)) }))
    .sort(edgeOrder)
  return {
    graph: {
      collection: checked.collection,
      measured_at_us: checked.measured_at_us,
      nodes,
      edges,
      node_count: nodes.length,
      edge_count: edges.length,
      not_applicable: pending.notApplicable,
    },
    normalise: checked.userNodes.length > 0 || checked.userEdges.length > 0,
    node_count: nodes.length,
    source: edges.map((edge) => edge.source),
    target: edges.map((edge) => edge.target),
    weight: edges.map((edge) => edge.capacity),
    healthy_weight: edges.map((edge) => edge.full_capacity),
  }
}
