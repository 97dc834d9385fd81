import { beginningOf, invalid, isObject, numberIn, objectOf, oneOf, orNull, text, boolean, wholeIn } from "./input.ts"
import type { Reader } from "./input.ts"
import { time } from "./machine.ts"
import { fieldsOf } from "./signal-definition.ts"
import type { Fields, SignalDefinition } from "./signal-definition.ts"
import { DATA_SIGNALS } from "./signals-data.ts"
import { SERVICE_SIGNALS } from "./signals-service.ts"
import type { EdgeType, Evidence, NodeType, RoleClass, SignalName, UserEdge, UserNode } from "./types.ts"

/** The signal table. */
export const SIGNALS: Readonly<Record<SignalName, SignalDefinition>> = { ...DATA_SIGNALS, ...SERVICE_SIGNALS }

export type SignalRow = {
  signal: SignalName
  member: string
  /** null = this server. */
  shard: string | null
  status: "measured" | "not_applicable" | "blind"
  errorRate: number
  note: string | null
  fields: Fields
}

export type Checked = Omit<Evidence, "signals" | "user_nodes" | "user_edges"> & {
  signals: SignalRow[]
  userNodes: GivenNode[]
  userEdges: GivenEdge[]
}

/** Every field present, null only where null means something. */
type Filled<T, Nullable extends keyof T> = {
  [K in keyof T]-?: K extends Nullable ? Exclude<T[K], undefined> : NonNullable<T[K]>
}
export type GivenNode = Filled<UserNode, "note" | "node_data">
export type GivenEdge = Filled<UserEdge, "latency_ms">

const name = text(500)
const share = numberIn(0, 1)
/** A note may be an error message of any length; its beginning says what it is about. */
const NOTE_LENGTH = 300
const anyText = text(Number.MAX_SAFE_INTEGER, 0)
const noteReader = orNull<string>((value, path) => beginningOf(anyText(value, path), NOTE_LENGTH))
const statusReader = oneOf("measured", "not_applicable", "blind")

const isSignalName = (value: unknown): value is SignalName => typeof value === "string" && Object.hasOwn(SIGNALS, value)

const signalRow: Reader<SignalRow> = (value, path) => {
  if (!isObject(value)) throw invalid(path, "an object", value)
  const signal = value["signal"]
  if (!isSignalName(signal))
    throw invalid(`${path}.signal`, "a known signal", signal, `Known signals: ${Object.keys(SIGNALS).join(", ")}.`)
  return {
    signal,
    member: name(value["member"], `${path}.member`),
    shard: orNull(name)(value["shard"] ?? null, `${path}.shard`),
    status: statusReader(value["status"] ?? "measured", `${path}.status`),
    errorRate: share(value["error_rate"] ?? 0, `${path}.error_rate`),
    note: noteReader(value["note"] ?? null, `${path}.note`),
    fields: fieldsOf(value, path),
  }
}

export const nodeType = oneOf<NodeType>(
  "partition",
  "centroid",
  "shard",
  "maintenance_dep",
  "replication_target",
  "index",
  "gateway",
)
const edgeType = oneOf<EdgeType>("partition_link", "routing_link", "dependency", "replication")
const roleClass = oneOf<RoleClass>("required", "degradable", "advisory")
const amount = numberIn(0, 1e9)
/** Flow and latency are only shown: any number will do. */
const anyNumber = numberIn(-Number.MAX_VALUE, Number.MAX_VALUE)

const userNode = objectOf<GivenNode>(
  {
    node_type: nodeType,
    id: wholeIn(0, 1e12),
    name,
    class: roleClass,
    health: share,
    hard: boolean,
    blind: boolean,
    error_rate: share,
    note: noteReader,
    node_data: (value) => value,
  },
  {
    node_type: "maintenance_dep",
    id: -1,
    name: "",
    class: "degradable",
    health: 1,
    hard: false,
    blind: false,
    error_rate: 0,
    note: null,
    node_data: null,
  },
)

const userEdge = objectOf<GivenEdge>(
  {
    source: name,
    target: name,
    edge_type: edgeType,
    capacity: amount,
    class: roleClass,
    health: share,
    hard: boolean,
    error_rate: share,
    current_flow: anyNumber,
    latency_ms: orNull(anyNumber),
  },
  {
    source: "",
    target: "",
    edge_type: "dependency",
    capacity: 1,
    class: "degradable",
    health: 1,
    hard: false,
    error_rate: 0,
    current_flow: 0,
    latency_ms: null,
  },
)

const list = <T>(value: unknown, path: string, read: Reader<T>): T[] => {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalid(path, "an array", value)
  return value.map((element, position) => read(element, `${path}[${position}]`))
}

const named: Reader<GivenNode> = (value, path) => {
  const node = userNode(value, path)
  if (node.id < 0) throw invalid(`${path}.id`, "a whole number", null)
  if (node.name === "") throw invalid(`${path}.name`, "a name", null)
  return node
}

const ended: Reader<GivenEdge> = (value, path) => {
  const edge = userEdge(value, path)
  if (edge.source === "" || edge.target === "") throw invalid(path, "source and target", value)
  return edge
}

/** Reads the evidence; the raw numbers of a signal are read when it is judged. Errors: 22023 naming the field. */
export const readEvidence = (value: unknown): Checked => {
  if (!isObject(value)) throw invalid("evidence", "an object", value)
  return {
    collection: name(value["collection"], "evidence.collection"),
    measured_at_us: time(value["measured_at_us"], "evidence.measured_at_us"),
    signals: list(value["signals"], "evidence.signals", signalRow),
    userNodes: list(value["user_nodes"], "evidence.user_nodes", named),
    userEdges: list(value["user_edges"], "evidence.user_edges", ended),
  }
}
