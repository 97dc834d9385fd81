import { edgeOrder, nodeOrder } from "./canonical-order.ts"
import { invalid } from "./input.ts"
import type { Checked } from "./evidence.ts"
import type { Assumption } from "./judge-signal.ts"
import { roleGraph } from "./role-nodes.ts"
import type { Absence, PendingEdge } from "./role-nodes.ts"
import type { Contracted, GraphEdge, GraphNode } from "./types.ts"
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

/** The edges with the positions of their ends among the nodes. */
const placed = (nodes: readonly GraphNode[], edges: readonly PendingEdge[]): GraphEdge[] => {
  const place = new Map(nodes.map((node, position) => [node, position]))
  const at = (node: GraphNode): number => place.get(node) ?? -1
  return edges.map((edge) => ({
    source_type: edge.from.node_type,
    source_id: edge.from.node_id,
    target_type: edge.to.node_type,
    target_id: edge.to.node_id,
    edge_type: edge.edge_type,
    capacity: edge.capacity,
    full_capacity: edge.full_capacity,
    current_flow: edge.current_flow,
    latency_ms: edge.latency_ms,
    error_rate: edge.error_rate,
    hard: edge.hard,
    user_added: edge.user_added,
    source: at(edge.from),
    target: at(edge.to),
  }))
}

/** One text for each reason: "replica, archiver (embedded database)". */
const absences = (list: readonly Absence[]): string[] => {
  const byReason = new Map<string | null, string[]>()
  for (const { what, why } of list) byReason.set(why, [...(byReason.get(why) ?? []), what])
  return [...byReason].map(([why, whats]) => whats.join(", ") + (why === null ? "" : ` (${why})`))
}

/**
 * Contracts evidence into the role graph. Nodes are in canonical order (type, id), so that the minimum cut, which prefers
 * the smaller side and then the lower positions, is the canonical witness.
 */
export const contract = (checked: Checked, assumption: Assumption | null = null): Contraction => {
  const pending = roleGraph(checked.signals, assumption)
  addUserGraph(pending, checked, assumption)
  const nodes = pending.nodes.sort(nodeOrder)
  const twin = nodes.find((node, i) => i > 0 && nodeOrder(node, nodes[i - 1] ?? node) === 0)
  if (twin !== undefined) throw invalid("evidence.user_nodes", "ids that differ within a type", twin.node_name)
  const edges = placed(nodes, pending.edges).sort(edgeOrder)
  return {
    graph: {
      collection: checked.collection,
      measured_at_us: checked.measured_at_us,
      nodes,
      edges,
      node_count: nodes.length,
      edge_count: edges.length,
      not_applicable: absences(pending.notApplicable),
    },
    normalise: checked.userNodes.length > 0 || checked.userEdges.length > 0,
    node_count: nodes.length,
    source: edges.map((edge) => edge.source),
    target: edges.map((edge) => edge.target),
    weight: edges.map((edge) => edge.capacity),
    healthy_weight: edges.map((edge) => edge.full_capacity),
  }
}
