import { components } from "../graph/components.ts"
import { find } from "../graph/union-find.ts"
import { nodeOrder } from "./canonical-order.ts"
import { blindCapacity, capacityOf } from "./capacity.ts"
import type { Checked, GivenEdge, GivenNode } from "./evidence.ts"
import type { Assumption } from "./judge-signal.ts"
import { edgeToHub, LOCAL_SHARD } from "./role-nodes.ts"
import type { Pending, PendingEdge } from "./role-nodes.ts"
import type { GraphNode, SignalHealth } from "./types.ts"

/** User-added nodes have ids from here on, so that they never meet those of roles. */
const FIRST_USER_ID = 1_000_000

const reportedWords = (node: GivenNode, health: number): string => {
  const note = node.note === null ? "" : `: ${node.note}`
  if (node.blind) return `${node.name} cannot be seen${note}`
  const errors = node.error_rate > 0 ? `, ${Math.round(node.error_rate * 100)} % errors` : ""
  return `${node.name} reports health ${Number(health.toFixed(4))}${errors}${note}`
}

const userNode = (given: GivenNode, assumption: Assumption | null): GraphNode => {
  const assumes = assumption?.name === given.name
  const health = assumes ? assumption.health : given.health
  const hard = assumes ? given.class === "required" && health === 0 : given.hard
  const blind = given.blind && !assumes
  const effective = health * (1 - given.error_rate)
  const capacity = blind ? blindCapacity(given.class) : capacityOf(given.class, effective, hard)
  const signal: SignalHealth = {
    signal: "reported",
    class: given.class,
    health: blind ? capacity : effective,
    capacity,
    hard,
    blind,
    members: 1,
    worst: capacity < 1 ? given.name : null,
    words: assumes ? `${given.name} is assumed to have health ${health}` : reportedWords(given, health),
  }
  return {
    node_type: given.node_type,
    node_id: FIRST_USER_ID + given.id,
    node_name: given.name,
    node_data: { shard: LOCAL_SHARD, signals: [signal], user: given.node_data },
    health_score: signal.health,
    capacity,
    class: given.class,
    user_added: true,
  }
}

/** Less than this is no connection: shares of numbers near the end of the floating range are not exact. */
const LEAST_CAPACITY = 1e-9

const userEdge = (given: GivenEdge, from: GraphNode, to: GraphNode): PendingEdge => {
  const full = given.capacity < LEAST_CAPACITY ? 0 : given.capacity
  const own = capacityOf(given.class, given.health * (1 - given.error_rate), given.hard)
  return {
    from,
    to,
    edge_type: given.edge_type,
    capacity: full * Math.min(own, endCapacity(from), endCapacity(to)),
    full_capacity: full,
    current_flow: given.current_flow,
    latency_ms: given.latency_ms,
    error_rate: given.error_rate,
    hard: given.hard && given.class === "required",
    user_added: true,
  }
}

/** An edge gives no more than its ends; the hub of a server is only a place where edges meet. */
const endCapacity = (node: GraphNode): number => (node.node_type === "shard" && !node.user_added ? 1 : node.capacity)

/**
 * Adds the user's nodes and edges to the role graph. Names are looked up among the user's nodes first. An edge to a node
 * that is not there (a role that no longer applies) is left out and reported. Whatever the user's edges leave apart from
 * this server is joined to it by one edge: alone, `add_node` makes a dependency of this server.
 */
export const addUserGraph = (graph: Pending, checked: Checked, assumption: Assumption | null): void => {
  const added = checked.userNodes.map((given) => userNode(given, assumption)).sort(nodeOrder)
  const byName = new Map([...graph.nodes, ...added].map((node) => [node.node_name, node]))
  graph.nodes.push(...added)
  for (const given of checked.userEdges) {
    const from = byName.get(given.source)
    const to = byName.get(given.target)
    if (from !== undefined && to !== undefined) graph.edges.push(userEdge(given, from, to))
    else graph.notApplicable.push({ what: `edge ${given.source} - ${given.target}`, why: "no such node now" })
  }
  joinToHub(graph, added)
}

/** Joins each part that full-capacity edges leave apart from this server, by its first added node. */
const joinToHub = (graph: Pending, added: readonly GraphNode[]): void => {
  const place = new Map(graph.nodes.map((node, position) => [node, position]))
  const at = (node: GraphNode): number => place.get(node) ?? -1
  const { parent } = components(graph.nodes.length, {
    source: Int32Array.from(graph.edges, (edge) => at(edge.from)),
    target: Int32Array.from(graph.edges, (edge) => at(edge.to)),
    weight: Float64Array.from(graph.edges, (edge) => edge.full_capacity),
  })
  const hub = graph.nodes.find((node) => node.node_type === "shard" && node.node_id === 0)
  if (hub === undefined) return
  const joined = new Set([find(parent, at(hub))])
  for (const node of added) {
    const part = find(parent, at(node))
    if (joined.has(part)) continue
    joined.add(part)
    graph.edges.push(edgeToHub(node, hub, node.node_type === "replication_target" ? "replication" : "dependency"))
  }
}
