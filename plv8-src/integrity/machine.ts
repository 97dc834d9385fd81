import { STATES } from "./decide.ts"
import { arrayOf, boolean, invalid, isObject, numberIn, objectOf, oneOf, orNull, text, wholeIn } from "./input.ts"
import type { Machine, Override, Sample, State } from "./types.ts"

/** Microseconds since 1970, exact in a JSON number. */
export const time = wholeIn(0, Number.MAX_SAFE_INTEGER)
export const stateReader = oneOf<State>(...STATES)

const count = wholeIn(0, Number.MAX_SAFE_INTEGER)

/** A collection that was never sampled. */
export const NEW_MACHINE: Machine = {
  state: "normal",
  since_us: null,
  last_sample_us: null,
  below_high: 0,
  below_low: 0,
  hard_fresh: 0,
  held_us: null,
  cooldown_left_us: 0,
  override: null,
  cause: null,
  cause_since_us: null,
  lambda2_slots: [],
}

const override = (value: unknown, field: string): Override => {
  if (!isObject(value)) throw invalid(field, "an object", value)
  return {
    state: stateReader(value["state"], `${field}.state`),
    reason: text(1000)(value["reason"], `${field}.reason`),
    by: text(200)(value["by"], `${field}.by`),
    since_us: time(value["since_us"], `${field}.since_us`),
    until_us: time(value["until_us"], `${field}.until_us`),
  }
}

export const overrideReader = orNull(override)

const slot = objectOf({ slot: count, peak: numberIn(0, Number.MAX_VALUE) }, { slot: 0, peak: 0 })

const machine = objectOf<Machine>(
  {
    state: stateReader,
    since_us: orNull(time),
    last_sample_us: orNull(time),
    below_high: count,
    below_low: count,
    hard_fresh: count,
    held_us: orNull(count),
    cooldown_left_us: count,
    override: overrideReader,
    cause: orNull(text(10_000)),
    cause_since_us: orNull(time),
    lambda2_slots: arrayOf(slot, 20),
  },
  NEW_MACHINE,
)

/** Reads a stored machine; null and {} are a new one. */
export const readMachine = (value: unknown): Machine => machine(value ?? {}, "machine")

const sample = objectOf<Required<Sample>>(
  {
    now_us: time,
    lambda_cut: orNull(numberIn(0, Number.MAX_VALUE)),
    hard: boolean,
    fresh: boolean,
    cause: orNull(text(10_000)),
    lambda2: orNull(numberIn(0, Number.MAX_VALUE)),
  },
  { now_us: -1, lambda_cut: null, hard: false, fresh: false, cause: null, lambda2: null },
)

/** Reads a sample; `now_us` is the only field that must be there. */
export const readSample = (value: unknown): Required<Sample> => {
  const read = sample(value, "sample")
  if (read.now_us < 0) throw invalid("sample.now_us", "microseconds since 1970", null)
  return read
}
