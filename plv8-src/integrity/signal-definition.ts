import { boolean, numberIn, orNull } from "./input.ts"
import type { EdgeType, NodeType, RoleClass } from "./types.ts"

/** The roles of a shard, in the order of their node ids. */
export type RoleName =
  | "partitions"
  | "ivfflat lists"
  | "vector index"
  | "connections"
  | "vacuum"
  | "backup"
  | "wal"
  | "replicas"
  | "subscriptions"
  | "server"

export type Role = {
  node_type: NodeType
  /** Node id on this server; a foreign shard's roles add 1000 times the shard's id. */
  id: number
  edge_type: EdgeType
}

export const ROLES: Readonly<Record<RoleName, Role>> = {
  partitions: { node_type: "partition", id: 1, edge_type: "partition_link" },
  "ivfflat lists": { node_type: "centroid", id: 1, edge_type: "routing_link" },
  "vector index": { node_type: "index", id: 1, edge_type: "routing_link" },
  connections: { node_type: "gateway", id: 1, edge_type: "routing_link" },
  vacuum: { node_type: "maintenance_dep", id: 1, edge_type: "dependency" },
  backup: { node_type: "maintenance_dep", id: 2, edge_type: "dependency" },
  wal: { node_type: "maintenance_dep", id: 3, edge_type: "dependency" },
  replicas: { node_type: "replication_target", id: 1, edge_type: "replication" },
  subscriptions: { node_type: "replication_target", id: 2, edge_type: "replication" },
  server: { node_type: "shard", id: 0, edge_type: "partition_link" },
}

/** What one row of evidence says about its member. */
export type Finding = {
  health: number
  /** A discrete fact: an operation cannot succeed. */
  hard: boolean
  /** Only where the evidence changes it (a degradable role that has become required). */
  class?: RoleClass
  /** What is wrong with the member; null = nothing. */
  trouble: string | null
}

/** Reads the raw fields of one row; errors name the field. */
export type Fields = {
  number: (name: string) => number
  numberOrNull: (name: string) => number | null
  share: (name: string) => number
  flag: (name: string) => boolean
  raw: (name: string) => unknown
  path: (name: string) => string
}

const amount = numberIn(0, Number.MAX_VALUE)
const share = numberIn(0, 1)

export const fieldsOf = (row: Record<string, unknown>, path: string): Fields => {
  const at = (name: string) => `${path}.${name}`
  return {
    number: (name) => amount(row[name], at(name)),
    numberOrNull: (name) => orNull(amount)(row[name] ?? null, at(name)),
    share: (name) => share(row[name], at(name)),
    flag: (name) => boolean(row[name], at(name)),
    raw: (name) => row[name],
    path: at,
  }
}

/** One row of the signal table. */
export type SignalDefinition = {
  role: RoleName
  class: RoleClass
  /** Members are combined by their minimum, or, for replication, by replicationHealth. */
  combine: "minimum" | "replication"
  find: (fields: Fields, member: string) => Finding
  /** Words when nothing is wrong with `count` members. */
  fine: (count: number) => string
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

export const percent = (value: number): string => `${Number((value * 100).toFixed(1))} %`

const MEGABYTE = 1_048_576
export const megabytes = (bytes: number): string => `${Number((bytes / MEGABYTE).toFixed(1))} MB`
