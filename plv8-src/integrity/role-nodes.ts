import { blindCapacity } from "./capacity.ts"
import type { SignalRow } from "./evidence.ts"
import { SIGNALS } from "./evidence.ts"
import { judgeSignal } from "./judge-signal.ts"
import type { Assumption } from "./judge-signal.ts"
import { ROLES } from "./signal-definition.ts"
import type { RoleName } from "./signal-definition.ts"
import type { GraphEdge, GraphNode, RoleClass, SignalHealth, SignalName } from "./types.ts"

export const LOCAL_SHARD = "this server"

/** A foreign shard's roles have ids of their own: 1000 x the shard's id + the role's. */
const IDS_PER_SHARD = 1000

/** An edge before its nodes have positions. */
export type PendingEdge = Omit<GraphEdge, "source" | "target" | `source_${string}` | `target_${string}`> & {
  from: GraphNode
  to: GraphNode
}

export type Pending = { nodes: GraphNode[]; edges: PendingEdge[]; notApplicable: Absence[] }

/** What is not in the graph, and why, where that is known. */
export type Absence = { what: string; why: string | null }

const CLASS_RANK: Readonly<Record<RoleClass, number>> = { advisory: 0, degradable: 1, required: 2 }

const strictest = (signals: readonly SignalHealth[]): RoleClass =>
  signals.reduce<RoleClass>((a, s) => (CLASS_RANK[s.class] > CLASS_RANK[a] ? s.class : a), "advisory")

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), 1)

/** Edge from a node to the hub of its shard; servers depend on maintenance and replicate to targets, hence the direction. */
export const edgeToHub = (node: GraphNode, hub: GraphNode, edgeType: GraphEdge["edge_type"]): PendingEdge => {
  const isOutward = edgeType === "dependency" || edgeType === "replication"
  const [from, to] = isOutward ? [hub, node] : [node, hub]
  return {
    from,
    to,
    edge_type: edgeType,
    capacity: node.capacity,
    full_capacity: 1,
    current_flow: 0,
    latency_ms: null,
    error_rate: 0,
    hard: false,
    user_added: node.user_added,
  }
}

const hubNode = (shard: string | null, id: number, link: SignalHealth | null): GraphNode => ({
  node_type: "shard",
  node_id: id,
  node_name: shard ?? LOCAL_SHARD,
  node_data: { shard: shard ?? LOCAL_SHARD, signals: link === null ? [] : [link] },
  health_score: link?.health ?? 1,
  capacity: link?.capacity ?? 1,
  class: link?.class ?? "required",
  user_added: false,
})

/** A foreign shard that has members here and was never probed: nothing is known about the way there. */
const unprobed = (shard: string): SignalHealth => ({
  signal: "foreign_server",
  class: "required",
  health: 0,
  capacity: blindCapacity("required"),
  hard: false,
  blind: true,
  members: 1,
  worst: shard,
  words: `server ${shard} holds data and is not probed`,
})

const grouped = <K, V>(items: readonly V[], key: (item: V) => K): Map<K, V[]> => {
  const groups = new Map<K, V[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}

const judgeRole = (
  rows: readonly SignalRow[],
  assumption: Assumption | null,
  notApplicable: Absence[],
): SignalHealth[] => {
  const signals: SignalHealth[] = []
  for (const [signal, members] of grouped<SignalName, SignalRow>(rows, (row) => row.signal)) {
    const judged = judgeSignal(signal, members, assumption)
    if (judged !== null) signals.push(judged)
    else {
      notApplicable.push({ what: signal, why: members.find((row) => row.note !== null)?.note ?? null })
    }
  }
  return signals
}

/**
 * Nodes and edges of one server: its hub, and one node with one edge for each role that applies. Every edge weighs 1 at
 * full health, so a healthy star has a minimum cut of exactly 1.
 */
const shardRoles = (hub: GraphNode, rows: readonly SignalRow[], assumption: Assumption | null, out: Pending): void => {
  const shard = hub.node_data.shard
  for (const [roleName, members] of grouped<RoleName, SignalRow>(rows, (row) => SIGNALS[row.signal].role)) {
    if (roleName === "server") continue
    const signals = judgeRole(members, assumption, out.notApplicable)
    if (signals.length === 0) continue
    const role = ROLES[roleName]
    const node: GraphNode = {
      node_type: role.node_type,
      node_id: hub.node_id * IDS_PER_SHARD + role.id,
      node_name: hub.node_id === 0 ? roleName : `${roleName} on ${shard}`,
      node_data: { shard, signals },
      health_score: least(signals.map((s) => s.health)),
      capacity: least(signals.map((s) => s.capacity)),
      class: strictest(signals),
      user_added: false,
    }
    out.nodes.push(node)
    out.edges.push(edgeToHub(node, hub, role.edge_type))
  }
}

/** The default graph: a star for each server, foreign ones joined to this one by one edge of their own capacity. */
export const roleGraph = (rows: readonly SignalRow[], assumption: Assumption | null): Pending => {
  const out: Pending = { nodes: [], edges: [], notApplicable: [] }
  const shardOf = (row: SignalRow): string | null => (SIGNALS[row.signal].role === "server" ? row.member : row.shard)
  const byShard = grouped(rows, shardOf)
  const foreign = [...byShard.keys()].filter((shard) => shard !== null).sort()
  const local = hubNode(null, 0, null)
  out.nodes.push(local)
  shardRoles(local, byShard.get(null) ?? [], assumption, out)
  for (const [position, shard] of foreign.entries()) {
    const members = byShard.get(shard) ?? []
    const probes = members.filter((row) => row.signal === "foreign_server")
    const link = probes.length === 0 ? unprobed(shard) : judgeSignal("foreign_server", probes, assumption)
    if (link === null) continue
    const hub = hubNode(shard, position + 1, link)
    out.nodes.push(hub)
    out.edges.push(edgeToHub(hub, local, "partition_link"))
    shardRoles(hub, members, assumption, out)
  }
  return out
}
