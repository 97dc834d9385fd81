import { expect, test } from "@jest/globals"
import fc from "fast-check"
import { NEW_MACHINE, readMachine, readSample } from "../../../plv8-src/integrity/machine.ts"
import { pinState } from "../../../plv8-src/integrity/override.ts"
import { validatePolicy } from "../../../plv8-src/integrity/policy.ts"
import { nextState } from "../../../plv8-src/integrity/state-machine.ts"
import type { Machine, Policy, Step } from "../../../plv8-src/integrity/types.ts"
import { modelStates } from "./state-machine-model.ts"
import type { ModelSample } from "./state-machine-model.ts"

const isLong = process.env["PENSTOCK_TEST_LONG"] === "1"
const runs = { numRuns: isLong ? 100_000 : 500 }
const START = 1_763_658_000_000_000

const policies = fc
  .record({
    threshold_high: fc.constantFrom(0.8, 0.7, 0.5),
    threshold_low: fc.constantFrom(0.3, 0.2),
    sample_interval_secs: fc.constantFrom(0.1, 1, 60),
    hysteresis: fc.record({
      degrade_samples: fc.integer({ min: 1, max: 4 }),
      critical_samples: fc.integer({ min: 1, max: 3 }),
      recover_margin: fc.constantFrom(0, 0.1, 0.15),
      hold_secs: fc.constantFrom(0.1, 1, 5, 300),
      cooldown_secs: fc.constantFrom(0.1, 1, 5, 60),
    }),
  })
  .map((fields) => validatePolicy(fields))

// values at, just above and just below every threshold in use, so that a wrong comparison shows
const lambdas = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 0.2, 0.3, 0.30001, 0.4, 0.41, 0.45, 0.7, 0.79, 0.8, 0.9, 0.91, 1) },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(null) },
)
const gaps = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(0, 100_000, 1_000_000, 5_000_000, 60_000_000, 150_000_000) },
  { weight: 1, arbitrary: fc.constantFrom(-1, -3_600_000_000, 3_600_000_000) },
)
const histories = (hard: fc.Arbitrary<boolean>, gap: fc.Arbitrary<number>): fc.Arbitrary<ModelSample[]> =>
  fc
    .array(
      fc.record({
        repeat: fc.integer({ min: 1, max: 6 }),
        gap,
        lambda_cut: lambdas,
        hard,
        fresh: fc.boolean(),
      }),
      { minLength: 1, maxLength: 25 },
    )
    .map((stretches) => {
      let now_us = START
      return stretches.flatMap(({ repeat, gap: step, ...sample }) =>
        Array.from({ length: repeat }, () => ({ ...sample, now_us: (now_us += step) })),
      )
    })

const run = (policy: Policy, samples: readonly ModelSample[], from: Machine = NEW_MACHINE): Step[] => {
  let machine = from
  return samples.map((sample) => {
    const step = nextState(policy, machine, readSample(sample))
    machine = readMachine(JSON.parse(JSON.stringify(step.machine)))
    return step
  })
}

test("the machine agrees with the model on every sample of every history", () => {
  fc.assert(
    fc.property(policies, histories(fc.boolean(), gaps), (policy, samples) => {
      expect(run(policy, samples).map((step) => step.state)).toEqual(modelStates(policy, samples))
    }),
    runs,
  )
})

test("without hard evidence: at most one transition per cooldown, one step at a time, never critical above low", () => {
  const forward = fc.constantFrom(0, 100_000, 1_000_000, 5_000_000, 60_000_000)
  fc.assert(
    fc.property(policies, histories(fc.constant(false), forward), (policy, samples) => {
      let last: number | null = null
      const order = ["normal", "stress", "critical"]
      for (const [i, step] of run(policy, samples).entries()) {
        if (step.transition === null) continue
        const { from, to, at_us } = step.transition
        expect(Math.abs(order.indexOf(from) - order.indexOf(to))).toBe(1)
        if (last !== null) expect(at_us - last).toBeGreaterThanOrEqual(policy.hysteresis.cooldown_secs * 1e6)
        if (to === "critical") expect(samples[i]!.lambda_cut).toBeLessThanOrEqual(policy.threshold_low)
        last = at_us
      }
    }),
    runs,
  )
})

test("lambda_cut that oscillates around a threshold causes no transition at all, whatever its period", () => {
  fc.assert(
    fc.property(
      fc.constantFrom([0.75, 0.85], [0.79, 0.9], [0.5, 0.95]),
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 5 }),
      ([below, above], samplesBelow, samplesAbove) => {
        const period = [
          ...Array.from({ length: samplesBelow }, () => below),
          ...Array.from({ length: samplesAbove }, () => above),
        ]
        const samples = Array.from({ length: 100 }, (_, i) => ({
          now_us: START + i * 60_000_000,
          lambda_cut: period[i % period.length]!,
          hard: false,
          fresh: true,
        }))
        expect(run(validatePolicy({}), samples).filter((step) => step.transition !== null)).toEqual([])
      },
    ),
  )
})

test("a lasting fault reaches its state, and a lasting recovery returns to normal", () => {
  fc.assert(
    fc.property(policies, histories(fc.boolean(), gaps), (policy, samples) => {
      const interval = policy.sample_interval_secs * 1e6
      const from = run(policy, samples).at(-1)!.machine
      const start = samples.at(-1)!.now_us + 1
      const steady = (lambda_cut: number, hard: boolean, after: number) =>
        Array.from({ length: 20_000 }, (_, i) => ({
          now_us: after + (i + 1) * interval,
          lambda_cut,
          hard,
          fresh: true,
        }))
      const enough = Math.ceil(
        (policy.hysteresis.cooldown_secs + policy.hysteresis.hold_secs) / policy.sample_interval_secs,
      )
      const hard = run(policy, steady(0, true, start).slice(0, 2), from)
      expect(hard[1]!.state).toBe("critical")
      const back = run(policy, steady(1, false, start + 2 * interval).slice(0, 2 * enough + 4), hard[1]!.machine)
      expect(back.at(-1)!.state).toBe("normal")
    }),
    { numRuns: isLong ? 2000 : 50 },
  )
})

test("an override pins the effective state and leaves the measured one as it would be without it", () => {
  const pins = fc.record({
    at: fc.nat(30),
    state: fc.constantFrom("normal", "stress", "critical"),
    duration_secs: fc.constantFrom(0.5, 30, 4000),
  })
  const forward = fc.constantFrom(100_000, 1_000_000, 60_000_000)
  fc.assert(
    fc.property(policies, histories(fc.boolean(), forward), pins, (policy, samples, pin) => {
      const free = run(policy, samples)
      const at = Math.min(pin.at, samples.length - 1)
      const pinned = pinState(free[at]!.machine, {
        ...pin,
        at: undefined,
        reason: "r",
        by: "op",
        now_us: samples[at]!.now_us,
      })
      expect(pinned.state).toBe(pin.state)
      const until = samples[at]!.now_us + pin.duration_secs * 1e6
      let effective = pinned.state
      for (const [i, step] of run(policy, samples.slice(at + 1), pinned.machine).entries()) {
        const measured = free[at + 1 + i]!.state
        const isActive = samples[at + 1 + i]!.now_us < until
        expect(step.measured_state).toBe(measured)
        expect(step.state).toBe(isActive ? pin.state : measured)
        expect(step.transition?.from ?? step.state).toBe(effective)
        expect(step.transition?.to ?? effective).toBe(step.state)
        effective = step.state
      }
    }),
    runs,
  )
})
