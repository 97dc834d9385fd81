import { SqlError } from "../errors.ts"
import { invalid, isObject, numberIn, text } from "./input.ts"
import { stateReader, time } from "./machine.ts"
import { transition } from "./state-machine.ts"
import type { Machine, Override, Step, Transition } from "./types.ts"

const MICROS = 1_000_000
/** From 100 ms to 30 days: an override that never ends would be a policy. */
const duration = numberIn(0.1, 2_592_000)
const reasonReader = text(1000)
const byReader = text(200)

const step = (machine: Machine, moved: Transition | null, words: string): Step => ({
  machine,
  state: machine.override?.state ?? machine.state,
  measured_state: machine.state,
  transition: moved,
  measured_transition: null,
  half_open: false,
  wants_fresh_sample: false,
  alert: null,
  words,
})

/**
 * Pins a state against the sampler for a time, or ends that. Setting again replaces. Errors: 22023 for a request with a
 * missing or wrong field, 42704 when there is nothing to clear.
 */
export const pinState = (machine: Machine, request: unknown): Step => {
  if (!isObject(request)) throw invalid("request", "an object", request)
  const now = time(request["now_us"], "request.now_us")
  const reason = reasonReader(request["reason"], "request.reason")
  const by = byReader(request["by"], "request.by")
  const before = machine.override?.state ?? machine.state

  if (request["clear"] === true) {
    if (machine.override === null)
      throw new SqlError("42704", "expected an active override to clear, got none", {
        hint: "integrity.status shows whether an override is active.",
      })
    const cleared = { ...machine, override: null }
    const why = `override cleared by ${by}: ${reason}`
    const moved = before === machine.state ? null : transition(before, machine.state, "override_cleared", now, why)
    return step(cleared, moved, moved?.words ?? `${machine.state}, ${why}`)
  }

  const state = stateReader(request["state"], "request.state")
  const seconds = duration(request["duration_secs"], "request.duration_secs")
  const override: Override = { state, reason, by, since_us: now, until_us: now + Math.round(seconds * MICROS) }
  const why = `override by ${by} for ${seconds} s: ${reason}`
  const moved = before === state ? null : transition(before, state, "override_set", now, why)
  return step({ ...machine, override }, moved, moved?.words ?? `${state}, ${why}`)
}
