/**
 * The JSON that crosses the border between SQL and the integrity library.
 *
 * How one sample runs, in SQL:
 *
 *   1. gather `Evidence` from the catalogs (rows of raw numbers, no judgement);
 *   2. `select * from integrity._contract(evidence)`
 *         -> graph jsonb, normalise boolean, node_count, source, target, weight, healthy_weight;
 *   3. `select * from integrity.min_cut(node_count, source, target, weight)`, and, when `normalise`,
 *      the same over `healthy_weight` (else the healthy cut is exactly 1);
 *   4. `integrity._witness(graph, cut)` with the `Cut` of step 3 -> `Witness`: lambda_cut, words, picture;
 *   5. `integrity._next_state(policy, machine, sample)` -> `Step`; when `wants_fresh_sample`, go to 1 once more
 *      at once, with `fresh: true`;
 *   6. when `Step.transition` is not null, or `Witness.is_index` differs from the one that the gates were compiled
 *      with: `integrity.compile_gates(policy, step.state, {"witness_is_index": witness.is_index})`.
 *
 * All times are whole microseconds since 1970 as JSON numbers (exact below 2^53, until the year 2255):
 * `(extract(epoch from clock_timestamp()) * 1000000)::bigint`. A time is always an argument, never read here.
 */

export type State = "normal" | "stress" | "critical"
export type Mode = "off" | "observe" | "enforce"
export type RiskLevel = "low" | "medium" | "high"
export type Response = "allow" | "throttle" | "defer" | "reject"

/** true and false are explicit and beat the risk table; "by_risk" leaves the decision to it. */
export type Permission = boolean | "by_risk"

/** What a policy says about one state. The defaults differ by state, see policy-defaults.ts. */
export type Actions = {
  allow_reads: Permission
  allow_single_insert: Permission
  allow_bulk_insert: Permission
  allow_delete: Permission
  allow_update: Permission
  allow_index_rewire: Permission
  allow_compression: Permission
  allow_replication: Permission
  allow_backup: Permission
  /** Whole percent of inserts (single and bulk) refused at random, 0 to 100. */
  throttle_inserts_pct: number
  /** Whole percent of searches refused at random, 0 to 100. */
  throttle_searches_pct: number
  /** Searches of one collection at the same time (they count transactions); null = no limit. */
  max_concurrent_searches: number | null
  /** Rows of one insert statement; null = no limit. */
  max_insert_batch_size: number | null
  pause_gnn_training: boolean
  pause_tier_management: boolean
  /** Signalled by NOTIFY to whoever compacts; an explicit permission for the operation `compact`. */
  emergency_compact: boolean
  /** Names passed on, as they are, to whoever listens for transitions. */
  custom_actions: string[]
}

export type Hysteresis = {
  /** Consecutive samples below threshold_high that make normal into stress. */
  degrade_samples: number
  /** Consecutive samples at or below threshold_low, the last one fresh, that make stress into critical. */
  critical_samples: number
  /** Back up only above the threshold plus this. */
  recover_margin: number
  /** ... for this long without interruption. */
  hold_secs: number
  /** No transition for this long after one (hard evidence excepted). */
  cooldown_secs: number
}

/** A complete policy: every field present. What a user writes is any part of it (`validate_policy`, `merge_policy`). */
export type Policy = {
  name: string
  /** The enabled policy with the highest priority is the active one. */
  priority: number
  mode: Mode
  threshold_high: number
  /** lambda_cut at or below this is critical. */
  threshold_low: number
  normal_actions: Actions
  stress_actions: Actions
  critical_actions: Actions
  sample_interval_secs: number
  graph_rebuild_interval_secs: number
  hysteresis: Hysteresis
  /** Transitions and emergency_compact are NOTIFYed here. */
  notifications: { channel: string }
  /** What gates do when no sample was taken for three intervals. */
  on_stale: "keep" | "allow"
  /** What gates do when they cannot decide: no compiled row, or an internal error. */
  on_error: "allow" | "refuse"
  /** Alert when lambda2 falls by more than this share within an hour; null = no alert. */
  lambda2_alert_share: number | null
}

/** `integrity.decide(policy, state, operation)`; a row of `integrity.compile_gates` has the same fields as columns. */
export type Decision = {
  operation: string
  /** What the policy says, whatever the mode ("allow" in mode off). */
  response: Response
  /**
   * May the operation go on? Always true in mode off and observe. In mode enforce: true for allow, true for a throttle
   * below 1 (then refuse with probability throttle_factor), false for defer and reject.
   */
  allowed: boolean
  risk_level: RiskLevel
  state: State
  /** Probability of refusal by the policy: 0 for allow, 1 for defer and reject. `random() < throttle_factor` refuses. */
  throttle_factor: number
  /** The same in whole percent. */
  throttle_pct: number
  /** When to try again; null when nothing is refused or when waiting does not help (reject). */
  retry_after_secs: number | null
  /** Why, in words; null when the response is allow and nothing special led to it. */
  reason: string | null
  mode: Mode
  /** true: something in SQL refuses the operation. false: advisory, whoever does it asks first. */
  enforced: boolean
  /** SQLSTATE of the refusal: 53R01 throttle, 53R02 defer, 55R01 reject, null for allow. */
  sqlstate: string | null
  /** Set for search only. More at once is 53R03. */
  max_concurrent: number | null
  /** Set for insert and bulk_insert. More rows in one statement is 55R02. */
  max_batch_size: number | null
}

/** Last argument of `compile_gates` and field `context` of `_check_gate`; null or {} = nothing known. */
export type GateContext = {
  /** `Witness.is_index`: then index_build is allowed (outside normal), for it is the repair. */
  witness_is_index?: boolean
}

/** `integrity._check_gate(request)`: the slow, complete form. */
export type GateRequest = {
  policy: unknown
  operation: string
  /** The measured state (`Machine.state`). */
  state: State
  context?: GateContext | null
  override?: Override | null
  /** All gates are switched off. */
  kill_switch?: boolean
  /** The caller's role is listed in integrity.exemptions. */
  exempt?: boolean
  lambda_cut?: number | null
  /** Of the last sample; together with now_us it shows staleness. */
  last_sample_us?: number | null
  /** Searches of the collection that run now, without this one. */
  running?: number | null
  /** Rows in the statement. */
  batch_rows?: number | null
  now_us: number
}

/** The answer of `_check_gate`: a decision, and how it came about. */
export type GateAnswer = Decision & {
  lambda_cut: number | null
  measured_state: State
  stale: boolean
  override: Override | null
  /** Which rule decided. */
  decided_by:
    | "kill_switch"
    | "exemption"
    | "mode_off"
    | "stale"
    | "repair"
    | "permission"
    | "risk"
    | "throttle_setting"
    | "concurrency"
    | "batch_size"
  /** Every rule looked at, in order, in words. */
  steps: string[]
}

// --- the state machine ---------------------------------------------------------------------------------------------

/** A state pinned by an operator. The measured state goes on underneath and is back when the override ends. */
export type Override = {
  state: State
  reason: string
  /** Role that set it. */
  by: string
  since_us: number
  until_us: number
}

/** Stored as jsonb beside the collection and handed back unread. `null` or `{}` = a new machine in state normal. */
export type Machine = {
  /** The measured state (the effective one is Step.state). */
  state: State
  since_us: number | null
  last_sample_us: number | null
  /** Consecutive samples below threshold_high, counted in state normal. */
  below_high: number
  /** Consecutive samples at or below threshold_low, counted in state stress. */
  below_low: number
  /** Consecutive fresh samples with hard evidence. */
  hard_fresh: number
  /** For how long lambda_cut has been above the recovery level of this state; null = it is not. */
  held_us: number | null
  cooldown_left_us: number
  override: Override | null
  /** What binds lambda_cut, and since when: for `_explain`. */
  cause: string | null
  cause_since_us: number | null
  /** The largest lambda2 of each of the last hour's five-minute slots, oldest first. */
  lambda2_slots: { slot: number; peak: number }[]
}

export type Sample = {
  now_us: number
  /** null: not applicable (fewer than two nodes). */
  lambda_cut: number | null
  /** `Witness.hard`. */
  hard: boolean
  /** Every number was measured for this sample, nothing came from a cache. */
  fresh: boolean
  /** `Witness.cause`. */
  cause?: string | null
  lambda2?: number | null
}

export type Transition = {
  from: State
  to: State
  direction: "degrading" | "improving"
  /** measured: thresholds and counts; hard: evidence that an operation cannot succeed; the others: an operator. */
  kind: "measured" | "hard" | "override_set" | "override_cleared" | "override_expired"
  at_us: number
  words: string
}

/** `integrity._next_state(policy, machine, sample)` and `integrity._pin_state(machine, request)`. */
export type Step = {
  machine: Machine
  /** The effective state: the override's while one is active, else the measured one. */
  state: State
  measured_state: State
  /** Change of the effective state: compile the gates and append an event. null = none. */
  transition: Transition | null
  /** Change of the measured state under an override, where gates do not change; worth an event. null = none. */
  measured_transition: Transition | null
  /** Sample again at once instead of waiting for the interval. */
  wants_fresh_sample: boolean
  /** lambda2 has fallen by more than the policy's share within an hour: what to say. null = no. */
  alert: string | null
  /** What this step did, in one sentence. */
  words: string
}

/** Second argument of `_pin_state`. */
export type PinRequest =
  | { state: State; reason: string; by: string; duration_secs: number; now_us: number }
  | { clear: true; reason: string; by: string; now_us: number }

// --- evidence ------------------------------------------------------------------------------------------------------

/** required: floor 0 (0.45 without hard evidence); degradable: 0.45; advisory: 0.85. */
export type RoleClass = "required" | "degradable" | "advisory"

export type NodeType =
  | "partition"
  | "centroid"
  | "shard"
  | "maintenance_dep"
  | "replication_target"
  | "index"
  | "gateway"

export type EdgeType = "partition_link" | "routing_link" | "dependency" | "replication"

/** Fields that every signal may have. */
type Common = {
  /** Which one: a leaf partition, an index, a slot, a server; shown in words. */
  member: string
  /** Foreign server whose shard the member belongs to; absent or null = this server. */
  shard?: string | null
  /**
   * measured (default); not_applicable: this host has no such thing (autovacuum in PGlite): left out;
   * blind: it exists but the sampler may not look, or the look failed: counted at its floor.
   * With not_applicable and blind the raw numbers may be absent.
   */
  status?: "measured" | "not_applicable" | "blind"
  /** Share of failed operations in 0..1, applied to the health before the floor. */
  error_rate?: number | null
  /** Why blind or not applicable, or anything worth showing. */
  note?: string | null
}

/** One row of raw measurement. Health is computed in health.ts, never in SQL. */
export type Signal = Common &
  (
    | { signal: "partition"; exists: boolean; attached: boolean }
    | { signal: "dead_tuples"; n_dead: number; n_live: number }
    | { signal: "xid_age"; age: number; freeze_max_age: number }
    | {
        signal: "replica"
        /** A row in pg_stat_replication. The expected set comes from slots and settings. */
        connected: boolean
        /** pg_replication_slots.wal_status; null without a slot. */
        wal_status: "reserved" | "extended" | "unreserved" | "lost" | null
        lag_bytes: number | null
        safe_wal_size: number | null
      }
    | { signal: "sync_quorum"; needed: number; connected: number }
    | { signal: "archiver"; last_archived_us: number | null; last_failed_us: number | null; ready_files: number }
    | { signal: "subscription"; worker_running: boolean }
    | {
        signal: "foreign_server"
        holds_partitions: boolean
        /** Seconds since the last successful probe; null = never probed. */
        age_secs: number | null
        probe_interval_secs: number
        /** The newest probe was refused or timed out. */
        last_probe_failed: boolean
      }
    /** One row per leaf partition that should have a vector index (not_applicable when the collection has none). */
    | { signal: "vector_index"; valid: number; invalid: number; building: number }
    /** Row counts of at most 32 buckets of lists; rows at index build and now. */
    | { signal: "ivfflat_lists"; bucket_rows: number[]; rows_at_build: number; rows_now: number }
    | { signal: "recall_probe"; recall: number; floor: number }
    | { signal: "checksum"; failures: number; cleared: boolean }
    | { signal: "connections"; used: number; max: number }
    | { signal: "wal"; used_bytes: number; budget_bytes: number; archiver_failing: boolean }
    | { signal: "disk"; used_share: number; archiver_failing: boolean }
  )

export type SignalName = Signal["signal"]

/** A node that a user added with integrity.add_node. */
export type UserNode = {
  node_type: NodeType
  /** Unique among user-added nodes of the collection; shown as 1,000,000 + id. */
  id: number
  name: string
  class: RoleClass
  /** Last report_health, 0..1. */
  health: number
  /** The report says that the node cannot work at all. Only then may a required one be critical. */
  hard?: boolean
  blind?: boolean
  error_rate?: number | null
  note?: string | null
  node_data?: unknown
}

/** An edge that a user added with integrity.add_edge; ends are names of nodes in contracted_graph. */
export type UserEdge = {
  source: string
  target: string
  edge_type: EdgeType
  /** Weight at full health, default 1; from 0 to 1e9, less than 1e-9 is no connection. */
  capacity?: number | null
  class?: RoleClass | null
  health?: number | null
  hard?: boolean
  error_rate?: number | null
  current_flow?: number | null
  latency_ms?: number | null
}

export type Evidence = {
  collection: string
  measured_at_us: number
  signals: Signal[]
  user_nodes?: UserNode[] | null
  user_edges?: UserEdge[] | null
}

// --- the contracted graph -------------------------------------------------------------------------------------------

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
  /** Signals that this host does not have, and why. */
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
