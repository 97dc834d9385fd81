import { judge, STALE_INTERVALS, stateNamed, toDecision } from "./decide.ts"
import type { Judgement } from "./decide.ts"
import { readGateContext } from "./gate-context.ts"
import { boolean, invalid, isObject, numberIn, orNull, wholeIn } from "./input.ts"
import { overrideReader, time } from "./machine.ts"
import { ALLOW, operationNamed, REJECT } from "./operations.ts"
import { validatePolicy } from "./policy.ts"
import type { GateAnswer, GateContext, Override, Policy, State } from "./types.ts"

const MICROS = 1_000_000
const count = orNull(wholeIn(0, Number.MAX_SAFE_INTEGER))

type Request = {
  policy: Policy
  operation: string
  state: State
  context: GateContext
  override: Override | null
  killSwitch: boolean
  exempt: boolean
  lambda: number | null
  lastSampleMicros: number | null
  running: number | null
  batchRows: number | null
  nowMicros: number
}

const read = (value: unknown): Request => {
  if (!isObject(value)) throw invalid("request", "an object", value)
  const operation = value["operation"]
  operationNamed(operation)
  return {
    policy: validatePolicy(value["policy"]),
    operation: String(operation),
    state: stateNamed(value["state"], "request.state"),
    context: readGateContext(value["context"]),
    override: overrideReader(value["override"] ?? null, "request.override"),
    killSwitch: boolean(value["kill_switch"] ?? false, "request.kill_switch"),
    exempt: boolean(value["exempt"] ?? false, "request.exempt"),
    lambda: orNull(numberIn(0, 1))(value["lambda_cut"] ?? null, "request.lambda_cut"),
    lastSampleMicros: orNull(time)(value["last_sample_us"] ?? null, "request.last_sample_us"),
    running: count(value["running"] ?? null, "request.running"),
    batchRows: count(value["batch_rows"] ?? null, "request.batch_rows"),
    nowMicros: time(value["now_us"], "request.now_us"),
  }
}

type Rule = Omit<Judgement, "steps"> & { sqlstate?: string }

const allowedBy = (decidedBy: GateAnswer["decided_by"], reason: string): Rule => ({ ...ALLOW, decidedBy, reason })

/** What stands above every policy: switched off, exempt, stale under on_stale = allow. */
const exception = (request: Request, stale: boolean, steps: string[]): Rule | null => {
  if (request.killSwitch) {
    steps.push("The kill switch is on: every gate allows.")
    return allowedBy("kill_switch", "the kill switch is on")
  }
  steps.push("The kill switch is off.")
  if (request.exempt) {
    steps.push("The role is listed in integrity.exemptions.")
    return allowedBy("exemption", "the role is exempt")
  }
  if (request.policy.mode === "off") {
    steps.push(`Policy "${request.policy.name}" is off.`)
    return allowedBy("mode_off", "the policy is off")
  }
  if (stale && request.policy.on_stale === "allow") {
    steps.push("The last sample is older than three intervals and on_stale is allow.")
    return allowedBy("stale", "nobody has sampled for three intervals and the policy says on_stale allow")
  }
  if (stale) steps.push("The last sample is older than three intervals; on_stale is keep.")
  return null
}

/** What the policy allows may still be too much at once. */
const limit = (request: Request, state: State, steps: string[]): Rule | null => {
  const operation = operationNamed(request.operation)
  const actions = request.policy[`${state}_actions`]
  const searches = operation.limits_concurrency ? actions.max_concurrent_searches : null
  if (searches !== null && request.running !== null && request.running >= searches) {
    const words = `${request.running} searches are running, max_concurrent_searches is ${searches}`
    steps.push(`${words}: too many at once.`)
    return {
      response: "defer",
      factor: 1,
      retryAfterSecs: 1,
      decidedBy: "concurrency",
      reason: words,
      sqlstate: "53R03",
    }
  }
  const rows = operation.limits_batch ? actions.max_insert_batch_size : null
  if (rows !== null && request.batchRows !== null && request.batchRows > rows) {
    const words = `${request.batchRows} rows in one statement, max_insert_batch_size is ${rows}`
    steps.push(`${words}: send smaller batches.`)
    return { ...REJECT, decidedBy: "batch_size", reason: words, sqlstate: "55R02" }
  }
  return null
}

const overrideWords = (override: Override, isActive: boolean): string =>
  isActive
    ? `${override.by} has pinned state ${override.state}: ${override.reason}.`
    : `The override of ${override.by} has expired.`

/**
 * The slow, complete form of the gate: the same answer as the compiled one, and every rule looked at on the way. Order:
 * unknown operation, kill switch, exemption, mode, staleness, override, repair, explicit permission, risk table, throttle
 * setting, concurrency, batch size. Errors: 22023 naming the field; an unknown operation lists the known ones.
 */
export const checkGate = (value: unknown): GateAnswer => {
  const request = read(value)
  const { policy, override } = request
  const steps = [`${request.operation} is of ${operationNamed(request.operation).risk} risk.`]
  const age = request.lastSampleMicros === null ? null : request.nowMicros - request.lastSampleMicros
  const stale = age !== null && age > STALE_INTERVALS * policy.sample_interval_secs * MICROS
  const pinned = override !== null && request.nowMicros < override.until_us ? override : null
  const state = pinned?.state ?? request.state

  let rule = exception(request, stale, steps)
  if (rule === null) {
    steps.push(
      override === null ? `No override; the measured state is ${state}.` : overrideWords(override, pinned !== null),
    )
    const judged = judge(policy, state, request.operation, request.context)
    steps.push(...judged.steps)
    const isRefused = judged.response === "defer" || judged.response === "reject"
    rule = isRefused || judged.decidedBy === "repair" ? judged : (limit(request, state, steps) ?? judged)
  }
  const decision = toDecision(policy, state, request.operation, rule)
  if (rule.factor > 0 && policy.mode === "observe")
    steps.push("The mode is observe: this would be refused, and is not.")
  return {
    ...decision,
    sqlstate: rule.sqlstate ?? decision.sqlstate,
    lambda_cut: request.lambda,
    measured_state: request.state,
    stale,
    override: pinned,
    decided_by: rule.decidedBy,
    steps,
  }
}
