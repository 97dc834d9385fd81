import { STALE_INTERVALS } from "./decide.ts"
import { lambda2Alert, recordLambda2 } from "./lambda2-drift.ts"
import type { Machine, Policy, Sample, State, Step, Transition } from "./types.ts"

const MICROS = 1_000_000

/** Fresh samples with hard evidence until critical. */
const HARD_SAMPLES = 2

type Move = { to: State; kind: "measured" | "hard"; why: string }

/** The measured part of one step: counters moved on, and where the state goes, if it goes. */
type Measured = { machine: Machine; move: Move | null; wantsFresh: boolean }

/**
 * Time since the previous sample that may count towards hold and cooldown: not negative when the clock steps back, and
 * never more than three intervals, so that neither a forward step nor a dead sampler passes for a long calm.
 */
const creditedMicros = (policy: Policy, machine: Machine, nowMicros: number): number => {
  if (machine.last_sample_us === null) return 0
  const most = Math.round(STALE_INTERVALS * policy.sample_interval_secs * MICROS)
  return Math.min(Math.max(0, nowMicros - machine.last_sample_us), most)
}

const recoveryLevel = (policy: Policy, state: State): number =>
  (state === "critical" ? policy.threshold_low : policy.threshold_high) + policy.hysteresis.recover_margin

const STEP_UP: Readonly<Record<State, State | null>> = { normal: null, stress: "normal", critical: "stress" }

/** Counts one sample, without deciding anything. */
const counted = (policy: Policy, machine: Machine, sample: Required<Sample>): Machine => {
  const elapsed = creditedMicros(policy, machine, sample.now_us)
  const lambda = sample.lambda_cut
  const isHard = hardNow(policy, sample)
  const isAbove = lambda !== null && STEP_UP[machine.state] !== null && lambda > recoveryLevel(policy, machine.state)
  return {
    ...machine,
    since_us: machine.since_us ?? sample.now_us,
    last_sample_us: sample.now_us,
    cooldown_left_us: Math.max(0, machine.cooldown_left_us - elapsed),
    below_high:
      lambda !== null && machine.state === "normal" && lambda < policy.threshold_high ? machine.below_high + 1 : 0,
    below_low:
      lambda !== null && machine.state === "stress" && lambda <= policy.threshold_low ? machine.below_low + 1 : 0,
    hard_fresh: isHard ? machine.hard_fresh + (sample.fresh ? 1 : 0) : 0,
    held_us: isAbove ? (machine.held_us === null ? 0 : machine.held_us + elapsed) : null,
    cause: sample.cause,
    cause_since_us:
      sample.cause === null ? null : sample.cause === machine.cause ? machine.cause_since_us : sample.now_us,
  }
}

/** Hard evidence counts only where it shows: with redundancy lambda_cut may stay high. */
const hardNow = (policy: Policy, sample: Required<Sample>): boolean =>
  sample.hard && sample.lambda_cut !== null && sample.lambda_cut <= policy.threshold_low

const moveOf = (policy: Policy, machine: Machine, sample: Required<Sample>): Move | null => {
  const { hysteresis, threshold_high: high, threshold_low: low } = policy
  const isCool = machine.cooldown_left_us === 0
  const isHard = hardNow(policy, sample) && sample.fresh
  if (machine.state === "normal") {
    if (isHard) return { to: "stress", kind: "hard", why: "hard evidence against a required role" }
    if (isCool && machine.below_high >= hysteresis.degrade_samples)
      return { to: "stress", kind: "measured", why: `${machine.below_high} consecutive samples below ${high}` }
  }
  if (machine.state === "stress") {
    if (isHard && machine.hard_fresh >= HARD_SAMPLES)
      return { to: "critical", kind: "hard", why: "hard evidence against a required role, confirmed by a fresh sample" }
    if (isCool && sample.fresh && machine.below_low >= hysteresis.critical_samples)
      return { to: "critical", kind: "measured", why: `${machine.below_low} consecutive samples at or below ${low}` }
  }
  const up = STEP_UP[machine.state]
  if (up !== null && isCool && machine.held_us !== null && machine.held_us >= hysteresis.hold_secs * MICROS)
    return {
      to: up,
      kind: "measured",
      why: `above ${recoveryLevel(policy, machine.state)} for ${hysteresis.hold_secs} s`,
    }
  return null
}

/** Would the next sample, taken at once, decide something that must not wait for the interval? */
const wantsFresh = (policy: Policy, machine: Machine, sample: Required<Sample>): boolean => {
  if (machine.state === "critical") return false
  if (hardNow(policy, sample)) return true
  return (
    machine.state === "stress" &&
    machine.cooldown_left_us === 0 &&
    machine.below_low > 0 &&
    machine.below_low >= policy.hysteresis.critical_samples - 1
  )
}

const measure = (policy: Policy, machine: Machine, sample: Required<Sample>): Measured => {
  const next = counted(policy, machine, sample)
  const move = moveOf(policy, next, sample)
  if (move !== null) {
    next.state = move.to
    next.since_us = sample.now_us
    next.below_high = 0
    next.below_low = 0
    next.held_us = null
    next.cooldown_left_us = Math.round(policy.hysteresis.cooldown_secs * MICROS)
  }
  return { machine: next, move, wantsFresh: wantsFresh(policy, next, sample) }
}

const RANK: Readonly<Record<State, number>> = { normal: 0, stress: 1, critical: 2 }

export const transition = (
  from: State,
  to: State,
  kind: Transition["kind"],
  atMicros: number,
  why: string,
): Transition => ({
  from,
  to,
  kind,
  at_us: atMicros,
  direction: RANK[to] > RANK[from] ? "degrading" : "improving",
  words: `${from} -> ${to}: ${why}`,
})

const lambdaWords = (lambda: number | null): string =>
  lambda === null ? "lambda_cut does not apply" : `lambda_cut ${Number(lambda.toFixed(4))}`

/**
 * One step of the hysteresis: a sample goes in, the new machine and what follows from it come out. Pure: the clock is
 * `sample.now_us`. The policy must be complete (`validatePolicy`).
 *
 * normal -> stress after `degrade_samples` consecutive samples below threshold_high; stress -> critical after
 * `critical_samples` at or below threshold_low, the last one fresh; back one step when lambda_cut stayed above
 * threshold + recover_margin for hold_secs; no transition within cooldown_secs of one. Hard evidence that brings
 * lambda_cut down to threshold_low moves one step at each fresh sample, without cooldown: critical at the second.
 * A sample without lambda_cut interrupts every count and every hold.
 *
 * While an override is active the measured state goes on underneath; the effective one is the override's.
 */
export const nextState = (policy: Policy, machine: Machine, sample: Required<Sample>): Step => {
  const before = machine.override?.state ?? machine.state
  const { machine: next, move, wantsFresh: wants_fresh_sample } = measure(policy, machine, sample)
  const ended = machine.override !== null && sample.now_us >= machine.override.until_us
  if (ended) next.override = null
  next.lambda2_slots = recordLambda2(machine.lambda2_slots, sample)

  const state = next.override?.state ?? next.state
  const isPinned = next.override !== null
  const moved =
    move === null
      ? null
      : transition(machine.state, move.to, move.kind, sample.now_us, `${move.why}, ${lambdaWords(sample.lambda_cut)}`)
  let effective: Transition | null = null
  if (state !== before)
    effective = ended ? transition(before, state, "override_expired", sample.now_us, "the override has expired") : moved
  const pinnedMove = isPinned ? moved : null
  return {
    machine: next,
    state,
    measured_state: next.state,
    transition: effective,
    measured_transition: pinnedMove,
    half_open: !isPinned && next.held_us !== null,
    wants_fresh_sample,
    alert: lambda2Alert(policy, next.lambda2_slots, sample),
    words: effective?.words ?? pinnedMove?.words ?? `${state}, ${lambdaWords(sample.lambda_cut)}`,
  }
}
