import { invalid } from "./input.ts"
import { ALLOW, OPERATIONS, operationNamed, REJECT, RISK_TABLE, throttled } from "./operations.ts"
import type { Operation, Verdict } from "./operations.ts"
import type { Actions, Decision, GateAnswer, GateContext, Mode, Permission, Policy, Response, State } from "./types.ts"

export const STATES: readonly State[] = ["normal", "stress", "critical"]

export const stateNamed = (value: unknown, field = "state"): State => {
  const found = STATES.find((state) => state === value)
  if (found === undefined) throw invalid(field, STATES.map((s) => `"${s}"`).join(" or "), value)
  return found
}

const SQLSTATES: Readonly<Record<Response, string | null>> = {
  allow: null,
  throttle: "53R01",
  defer: "53R02",
  reject: "55R01",
}

/** What the policy says about an operation in a state, before mode, override and limits. */
export type Judgement = Verdict & {
  reason: string | null
  decidedBy: GateAnswer["decided_by"]
  steps: string[]
}

type Explicit = { permission: Permission; field: string | null }

const explicitPermission = (name: string, operation: Operation, actions: Actions): Explicit => {
  if (name === "compact" && actions.emergency_compact) return { permission: true, field: "emergency_compact" }
  if (operation.permission !== undefined)
    return { permission: actions[operation.permission], field: operation.permission }
  if (operation.pause !== undefined && actions[operation.pause]) return { permission: false, field: operation.pause }
  return { permission: "by_risk", field: operation.pause ?? null }
}

/**
 * The rules in their order: repair (index_build while an index is what is missing), explicit permission, risk table,
 * throttle setting. An explicit permission beats the risk table; of two throttles the stricter one holds.
 */
export const judge = (policy: Policy, state: State, name: string, context: GateContext | null): Judgement => {
  const operation = operationNamed(name)
  const actions = policy[`${state}_actions`]
  const steps: string[] = []
  const done = (verdict: Verdict, decidedBy: Judgement["decidedBy"], reason: string | null): Judgement => ({
    ...verdict,
    decidedBy,
    reason,
    steps,
  })

  if (name === "index_build" && state !== "normal" && context?.witness_is_index === true) {
    steps.push("The weakest point is an index: building one is the repair, so index_build is allowed.")
    return done(ALLOW, "repair", "the weakest point is an index and index_build repairs it")
  }

  const { permission, field } = explicitPermission(name, operation, actions)
  const setting = `${state}_actions.${field}`
  if (permission === false) {
    steps.push(`${setting} of policy "${policy.name}" forbids it explicitly.`)
    return done(REJECT, "permission", `${name} is not allowed in state ${state} (${setting})`)
  }

  const byRisk = RISK_TABLE[operation.risk][state]
  let judged: Judgement
  if (permission === true) {
    steps.push(`${setting} of policy "${policy.name}" permits it explicitly, whatever its risk.`)
    judged = done(ALLOW, "permission", null)
  } else {
    steps.push(`No explicit permission; ${operation.risk} risk in state ${state}: ${byRisk.response}.`)
    const reason = byRisk.response === "allow" ? null : `${name} is of ${operation.risk} risk and the state is ${state}`
    judged = done(byRisk, "risk", reason)
  }

  if (operation.throttle !== undefined && (judged.response === "allow" || judged.response === "throttle")) {
    const factor = actions[operation.throttle] / 100
    if (factor > judged.factor) {
      const throttleSetting = `${state}_actions.${operation.throttle}`
      steps.push(`${throttleSetting} of policy "${policy.name}" refuses ${actions[operation.throttle]} %.`)
      const reason = `${name} is throttled to ${100 - actions[operation.throttle]} % in state ${state} (${throttleSetting})`
      judged = done(throttled(factor), "throttle_setting", reason)
    }
  }
  return judged
}

/** A judgement under a mode, as callers see it. */
export const toDecision = (
  policy: Policy,
  state: State,
  name: string,
  judgement: Pick<Judgement, "response" | "factor" | "retryAfterSecs" | "reason">,
): Decision => {
  const operation = operationNamed(name)
  const actions = policy[`${state}_actions`]
  const off = policy.mode === "off"
  const response = off ? "allow" : judgement.response
  const factor = off ? 0 : judgement.factor
  return {
    operation: name,
    response,
    allowed: allowedIn(policy.mode, factor),
    risk_level: operation.risk,
    state,
    throttle_factor: factor,
    throttle_pct: Math.round(factor * 100),
    retry_after_secs: off ? null : judgement.retryAfterSecs,
    reason: off ? "the policy is off" : judgement.reason,
    mode: policy.mode,
    enforced: operation.advisory !== true,
    sqlstate: SQLSTATES[response],
    max_concurrent: off || !operation.limits_concurrency ? null : actions.max_concurrent_searches,
    max_batch_size: off || !operation.limits_batch ? null : actions.max_insert_batch_size,
  }
}

/** Only enforce refuses; a throttle below 1 leaves the decision to the draw. */
const allowedIn = (mode: Mode, factor: number): boolean => mode !== "enforce" || factor < 1

/** The gate result for one operation. The policy must be complete (`validatePolicy`). */
export const decide = (policy: Policy, state: State, operation: string, context: GateContext | null = null): Decision =>
  toDecision(policy, state, operation, judge(policy, state, operation, context))

/** One row of `integrity.compile_gates`. */
export type CompiledGate = Decision & {
  /** Seconds without a sample after which the gate allows everything; null = never. */
  stale_after_secs: number | null
  refuse_on_error: boolean
}

/** Sampler dead for this many intervals: stale. */
export const STALE_INTERVALS = 3

/** Everything that the gate needs, for every operation, decided in advance. */
export const compileGates = (policy: Policy, state: State, context: GateContext | null): CompiledGate[] =>
  Object.keys(OPERATIONS).map((operation) =>
    Object.assign(decide(policy, state, operation, context), {
      stale_after_secs: policy.on_stale === "allow" ? STALE_INTERVALS * policy.sample_interval_secs : null,
      refuse_on_error: policy.on_error === "refuse" && policy.mode === "enforce",
    }),
  )
