import { sourceKey, targetKey } from "./canonical-order.ts"
import { invalid } from "./input.ts"
import type {
  Contracted,
  Cut,
  GraphEdge,
  GraphNode,
  GraphPicture,
  SignalHealth,
  Witness,
  WitnessEdge,
} from "./types.ts"

/** lambda_cut as words show it. */
export const lambdaShown = (lambda: number | null): string =>
  lambda === null ? "n/a" : String(Number(lambda.toFixed(4)))

/** The signal that binds a node, or null at full capacity. */
export const bindingSignal = (node: GraphNode): SignalHealth | null =>
  node.node_data.signals.reduce<SignalHealth | null>(
    (worst, signal) => (signal.capacity < (worst?.capacity ?? 1) ? signal : worst),
    null,
  )

const nodeAt = (graph: Contracted, position: number): GraphNode => {
  const node = graph.nodes[position]
  if (node === undefined) throw invalid("cut", `a cut of a graph of ${graph.nodes.length} nodes`, position)
  return node
}

/** What holds an edge down: the weaker of its ends, or, for a user's edge, itself. */
const causeOf = (graph: Contracted, edge: GraphEdge): { key: string; words: string } | null => {
  if (edge.capacity >= edge.full_capacity) return null
  const ends = [nodeAt(graph, edge.source), nodeAt(graph, edge.target)]
  const weaker = ends.reduce((a, b) => (b.capacity < a.capacity ? b : a))
  const signal = bindingSignal(weaker)
  const isByEnd = signal !== null && weaker.capacity * edge.full_capacity <= edge.capacity
  if (isByEnd) return { key: `${weaker.node_name}/${signal.signal}`, words: signal.words }
  const label = ends.map((end) => end.node_name).join(" - ")
  const errors = edge.error_rate > 0 ? `, ${Math.round(edge.error_rate * 100)} % errors` : ""
  return { key: `${label}/reported`, words: `edge ${label} reports less than full health${errors}` }
}

/** One edge: its ends, what holds it down, how much is left. */
export const edgeWords = (graph: Contracted, edge: GraphEdge): string => {
  const ends = `${nodeAt(graph, edge.source).node_name} - ${nodeAt(graph, edge.target).node_name}`
  const share = `${Number(edge.capacity.toFixed(4))} of ${Number(edge.full_capacity.toFixed(4))}`
  return `${ends} (${edge.edge_type}): ${causeOf(graph, edge)?.words ?? "full"}, capacity ${share}`
}

const witnessEdge = (graph: Contracted, edge: GraphEdge): WitnessEdge => ({
  source_type: edge.source_type,
  source_id: edge.source_id,
  source_name: nodeAt(graph, edge.source).node_name,
  target_type: edge.target_type,
  target_id: edge.target_id,
  target_name: nodeAt(graph, edge.target).node_name,
  edge_type: edge.edge_type,
  capacity: edge.capacity,
  full_capacity: edge.full_capacity,
  flow: edge.current_flow,
  words: edgeWords(graph, edge),
})

/** The graph as integrity.contracted_graph shows it, with the witness marked. */
const picture = (graph: Contracted, witness: ReadonlySet<GraphEdge>, lambda: number | null): GraphPicture => ({
  nodes: graph.nodes.map((node) => ({
    type: node.node_type,
    id: node.node_id,
    name: node.node_name,
    health: node.health_score,
    class: node.class,
    words: bindingSignal(node)?.words ?? null,
  })),
  edges: graph.edges.map((edge) => ({
    source: sourceKey(edge),
    target: targetKey(edge),
    type: edge.edge_type,
    capacity: edge.capacity,
    error_rate: edge.error_rate,
    witness: witness.has(edge),
  })),
  node_count: graph.node_count,
  edge_count: graph.edge_count,
  lambda_cut: lambda,
})

const isHard = (graph: Contracted): boolean =>
  graph.nodes.some((node) => node.node_data.signals.some((s) => s.hard && s.class === "required")) ||
  graph.edges.some((edge) => edge.hard)

/**
 * What a minimum cut means: lambda_cut, normalised by the cut of the same graph at full health, the edges that cross,
 * and in words which role binds it. All null or empty when the graph has fewer than two nodes.
 */
export const witnessOf = (graph: Contracted, cut: Cut): Witness => {
  const healthy = cut.healthy_cut_value ?? 1
  const lambda = cut.cut_value === null || healthy === 0 ? null : Math.min(1, cut.cut_value / healthy)
  const crossing = new Set(cut.witness ?? [])
  for (const position of crossing)
    if (position >= graph.edges.length)
      throw invalid("cut.witness", `positions below ${graph.edges.length}, the number of edges`, position)
  const side = new Set(cut.side ?? [])
  // Edges of weight zero do not cross for min_cut, but they are exactly what has failed.
  const hasFailed = (edge: GraphEdge) =>
    edge.capacity === 0 && edge.full_capacity > 0 && side.has(edge.source) !== side.has(edge.target)
  const witness = new Set(graph.edges.filter((edge, position) => crossing.has(position) || hasFailed(edge)))
  const isLess = lambda !== null && lambda < 1
  const worst = mostImpaired(isLess ? witness : graph.edges)
  const cause = worst === null || !isLess ? null : causeOf(graph, worst)
  return {
    lambda_cut: lambda,
    cut_value: cut.cut_value,
    healthy_cut_value: healthy,
    witness_edges: [...witness].map((edge) => witnessEdge(graph, edge)),
    side: [...side].map((position) => nodeAt(graph, position).node_name),
    is_index:
      cause !== null && [...witness].every((edge) => edge.source_type === "index" || edge.target_type === "index"),
    hard: isHard(graph),
    blind: graph.nodes.filter((node) => node.node_data.signals.some((s) => s.blind)).map((node) => node.node_name),
    cause: cause?.key ?? null,
    words: wordsOf(graph, lambda, worst),
    graph: picture(graph, witness, lambda),
  }
}

const loss = (edge: GraphEdge): number => (edge.full_capacity === 0 ? 0 : 1 - edge.capacity / edge.full_capacity)

/** The edge that has lost the largest share, if any has lost something. */
const mostImpaired = (edges: Iterable<GraphEdge>): GraphEdge | null => {
  let worst: GraphEdge | null = null
  for (const edge of edges) if (loss(edge) > (worst === null ? 0 : loss(worst))) worst = edge
  return worst
}

const wordsOf = (graph: Contracted, lambda: number | null, worst: GraphEdge | null): string => {
  if (lambda === null) return "lambda_cut does not apply: nothing is measured that could fail"
  if (worst === null) return "every role at full health, lambda_cut 1"
  const cause = causeOf(graph, worst)?.words ?? ""
  if (lambda >= 1) return `another way holds, although ${cause}; lambda_cut 1`
  const ends = [nodeAt(graph, worst.source), nodeAt(graph, worst.target)]
  const role = ends.find((node) => bindingSignal(node) !== null)
  return `weakest: ${role === undefined ? "" : `${role.node_name}, `}${cause}; lambda_cut ${lambdaShown(lambda)}`
}
