import type { State } from "./policy-types.ts"

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
  /** lambda_cut is above the recovery level of a state that is not normal, and the hold runs: probes may pass. */
  half_open: boolean
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
