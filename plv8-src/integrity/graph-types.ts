import type { EdgeType, NodeType, RoleClass } from "./evidence-types.ts"
import type { State } from "./policy-types.ts"

/** One signal of one role, after aggregation over its members. */
export type SignalHealth = {
  signal: string
  class: RoleClass
  /** 0..1; minimum over the members (mean for replication). */
  health: number
  /** floor + (1 - floor) x health, in 0..1. */
  capacity: number
  hard: boolean
  blind: boolean
  /** Number of members, and the worst one. */
  members: number
  worst: string | null
  /** The evidence in words, numbers included. */
  words: string
}

/** Columns of integrity.contracted nodes; `node_name` is unique in the graph. */
export type GraphNode = {
  node_type: NodeType
  node_id: number
  node_name: string
  node_data: { shard: string; signals: SignalHealth[]; user?: unknown }
  health_score: number
  /** Share of its full capacity that the node gives now, 0..1. */
  capacity: number
  class: RoleClass
  user_added: boolean
}

export type GraphEdge = {
  source_type: NodeType
  source_id: number
  target_type: NodeType
  target_id: number
  edge_type: EdgeType
  /** Weight now, error rate included. */
  capacity: number
  /** Weight at full health. */
  full_capacity: number
  current_flow: number
  latency_ms: number | null
  error_rate: number
  /** A required edge of the user's that is reported not to work at all. */
  hard: boolean
  user_added: boolean
  /** Positions in `nodes`. */
  source: number
  target: number
}

/** Column `graph` of `_contract`: nodes in canonical order (type, id), edges likewise. */
export type Contracted = {
  collection: string
  measured_at_us: number
  nodes: GraphNode[]
  edges: GraphEdge[]
  node_count: number
  edge_count: number
  /** What this host does not have, one text for each reason: "replica, archiver (embedded database)". */
  not_applicable: string[]
}

/** What integrity.min_cut said; all null when node_count < 2. */
export type Cut = {
  cut_value: number | null
  side: number[] | null
  witness: number[] | null
  /** cut_value over healthy_weight; absent or null = 1. */
  healthy_cut_value?: number | null
}

export type WitnessEdge = {
  source_type: NodeType
  source_id: number
  source_name: string
  target_type: NodeType
  target_id: number
  target_name: string
  edge_type: EdgeType
  capacity: number
  full_capacity: number
  flow: number
  words: string
}

/** `integrity._witness(graph, cut)`. */
export type Witness = {
  /** cut / healthy cut, in [0, 1]; null when not applicable. */
  lambda_cut: number | null
  cut_value: number | null
  healthy_cut_value: number
  witness_edges: WitnessEdge[]
  /** Names of the nodes on the smaller side. */
  side: string[]
  /** Every witness edge ends at an index role. */
  is_index: boolean
  /** A required role has hard evidence against it. */
  hard: boolean
  blind: string[]
  /** Key of what binds lambda_cut ("node_name/signal"); null at full health. */
  cause: string | null
  /** One sentence: which role, what evidence. */
  words: string
  /** What integrity.contracted_graph shows, `_graph_dot` and `_graph_mermaid` draw. */
  graph: GraphPicture
}

/** The JSON of integrity.contracted_graph: the source document's keys, and what the pictures need. */
export type GraphPicture = {
  nodes: { type: string; id: number; name: string; health: number; class?: string; words?: string | null }[]
  edges: {
    /** "type:id" */
    source: string
    target: string
    type: string
    capacity: number
    error_rate: number
    witness?: boolean
  }[]
  node_count: number
  edge_count: number
  lambda_cut?: number | null
}

/** `integrity._explain(request)`. */
export type ExplainRequest = {
  collection: string
  policy: unknown
  machine: unknown
  witness: Witness
  graph: Contracted
  now_us: number
}

export type Explanation = {
  state: State
  lambda_cut: number | null
  /** One sentence: state, which role, what evidence, since when. */
  summary: string
  /** Every role below full health, the worst first; then what is blind, what does not apply, override, what next. */
  lines: string[]
}

/** Change of `integrity._what_if(policy, evidence, change)`: the node or the member of that name is lost, or differs. */
export type WhatIfChange = { remove: string } | { node: string; health: number }

export type WhatIf = {
  before: { state: State; lambda_cut: number | null }
  /** Where the system would settle, hysteresis aside. */
  after: { state: State; lambda_cut: number | null; witness_edges: WitnessEdge[] }
  words: string
}
