import { SqlError } from "../errors.ts"
import { shown } from "./input.ts"
import type { Actions, Response, RiskLevel, State } from "./types.ts"

type PermissionField = Extract<keyof Actions, `allow_${string}`>
type PauseField = Extract<keyof Actions, `pause_${string}`>

export type Operation = {
  risk: RiskLevel
  /** The permission that speaks for this operation, if there is one. */
  permission?: PermissionField
  /** The pause that stops it. */
  pause?: PauseField
  throttle?: "throttle_inserts_pct" | "throttle_searches_pct"
  limits_concurrency?: true
  limits_batch?: true
  /** Nothing in SQL refuses it: whoever does it asks the gate first. */
  advisory?: true
}

/** Every operation that a gate knows, in the order in which lists show them. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  search: {
    risk: "low",
    permission: "allow_reads",
    throttle: "throttle_searches_pct",
    limits_concurrency: true,
  },
  read: { risk: "low", permission: "allow_reads" },
  insert: { risk: "low", permission: "allow_single_insert", throttle: "throttle_inserts_pct", limits_batch: true },
  delete: { risk: "low", permission: "allow_delete" },
  bulk_insert: {
    risk: "medium",
    permission: "allow_bulk_insert",
    throttle: "throttle_inserts_pct",
    limits_batch: true,
  },
  bulk_delete: { risk: "medium", permission: "allow_delete" },
  update: { risk: "medium", permission: "allow_update" },
  centroid_update: { risk: "medium" },
  graph_edge_add: { risk: "medium" },
  graph_edge_remove: { risk: "medium" },
  index_build: { risk: "high", permission: "allow_index_rewire" },
  index_rewire: { risk: "high", permission: "allow_index_rewire" },
  index_rebuild: { risk: "high", permission: "allow_index_rewire" },
  compression: { risk: "high", permission: "allow_compression", advisory: true },
  compact: { risk: "high", permission: "allow_compression" },
  tier_manage: { risk: "high", pause: "pause_tier_management", advisory: true },
  gnn_train: { risk: "high", pause: "pause_gnn_training", advisory: true },
  shard_move: { risk: "high", advisory: true },
  replication: { risk: "high", permission: "allow_replication", advisory: true },
  backup: { risk: "high", permission: "allow_backup", advisory: true },
}

/** The operation of that name; 22023 with the known names when there is none. */
export const operationNamed = (name: unknown): Operation => {
  const found = typeof name === "string" && Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined
  if (found === undefined)
    throw new SqlError("22023", `operation: expected a known operation, got ${shown(name)}`, {
      detail: JSON.stringify({ operation: name ?? null }),
      hint: `Known operations: ${Object.keys(OPERATIONS).join(", ")}.`,
    })
  return found
}

export type Verdict = {
  response: Response
  /** Probability of refusal. */
  factor: number
  retryAfterSecs: number | null
}

const allow: Verdict = { response: "allow", factor: 0, retryAfterSecs: null }
const throttle = (factor: number): Verdict => ({ response: "throttle", factor, retryAfterSecs: 1 })
const defer = (secs: number): Verdict => ({ response: "defer", factor: 1, retryAfterSecs: secs })
const reject: Verdict = { response: "reject", factor: 1, retryAfterSecs: null }

export const ALLOW = allow
export const REJECT = reject
export const throttled = throttle

/** What happens to an operation about which the policy says nothing explicit. */
export const RISK_TABLE: Readonly<Record<RiskLevel, Readonly<Record<State, Verdict>>>> = {
  low: { normal: allow, stress: allow, critical: throttle(0.8) },
  medium: { normal: allow, stress: throttle(0.5), critical: defer(60) },
  high: { normal: allow, stress: defer(300), critical: reject },
}
