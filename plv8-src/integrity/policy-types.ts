import type { Override } from "./machine-types.ts"

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
  /**
   * While the recovery is being held, so many operations a sample that the state would refuse go through as probes:
   * the gate is half open (Nygard, Release It!, the circuit breaker). 0 = closed until the state has recovered.
   */
  probe_budget: number
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
