import type { GraphEdge, GraphNode } from "./types.ts"

/** Node types, then ids: the order of nodes, and with it which of several equal cuts is the witness. */
export const nodeOrder = (a: GraphNode, b: GraphNode): number =>
  compare(a.node_type, b.node_type) || a.node_id - b.node_id

export const edgeOrder = (a: GraphEdge, b: GraphEdge): number =>
  a.source - b.source ||
  a.target - b.target ||
  compare(a.edge_type, b.edge_type) ||
  a.full_capacity - b.full_capacity ||
  a.capacity - b.capacity

const compare = (a: string, b: string): number => {
  if (a === b) return 0
  return a < b ? -1 : 1
}

type EdgeEnds = Pick<GraphEdge, "source_type" | "source_id" | "target_type" | "target_id">

/** "type:id", as integrity.contracted_graph writes the ends of edges. */
export const sourceKey = (edge: EdgeEnds): string => `${edge.source_type}:${edge.source_id}`
export const targetKey = (edge: EdgeEnds): string => `${edge.target_type}:${edge.target_id}`
