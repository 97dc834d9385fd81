import { describe, expect, test } from "@jest/globals"
import { checkGate } from "../../../plv8-src/integrity/check-gate.ts"
import { decide, STATES } from "../../../plv8-src/integrity/decide.ts"
import { OPERATIONS } from "../../../plv8-src/integrity/operations.ts"
import { validatePolicy } from "../../../plv8-src/integrity/policy.ts"
import type { GateRequest, Override, State } from "../../../plv8-src/integrity/types.ts"

const NOW = 1_763_658_000_000_000
const ask = (more: Partial<GateRequest>) =>
  checkGate({ policy: { mode: "enforce" }, operation: "insert", state: "critical", now_us: NOW, ...more })
const override = (state: State, until_us = NOW + 1): Override => ({
  state,
  reason: "restoring",
  by: "ops",
  since_us: NOW - 5,
  until_us,
})

test("agrees with decide on every operation, state and mode", () => {
  for (const mode of ["off", "observe", "enforce"])
    for (const state of STATES)
      for (const operation of Object.keys(OPERATIONS))
        for (const witness_is_index of [false, true]) {
          const policy = validatePolicy({ mode })
          const context = { witness_is_index }
          const answer = ask({ policy, state, operation, context })
          expect(answer).toMatchObject(decide(policy, state, operation, context))
          expect(answer.steps.length).toBeGreaterThan(1)
        }
})

describe("in order", () => {
  test("an unknown operation is an error even under the kill switch", () => {
    expect(() => ask({ operation: "fly", kill_switch: true })).toThrow(
      expect.objectContaining({ code: "22023", hint: expect.stringContaining("bulk_insert") }),
    )
  })

  test("the kill switch allows everything, before an override", () => {
    const answer = ask({ kill_switch: true, override: override("critical") })
    expect(answer).toMatchObject({ allowed: true, response: "allow", sqlstate: null, decided_by: "kill_switch" })
  })

  test("an exempt role is allowed", () => {
    expect(ask({ exempt: true })).toMatchObject({ allowed: true, decided_by: "exemption" })
  })

  test("a policy that is off allows", () => {
    expect(ask({ policy: { mode: "off" } })).toMatchObject({ allowed: true, decided_by: "mode_off", mode: "off" })
  })

  test("stale: keep refuses on, allow lets through, three intervals are not yet stale", () => {
    const policy = { mode: "enforce", on_stale: "allow" }
    const last_sample_us = NOW - 180_000_001
    expect(ask({ policy, last_sample_us })).toMatchObject({ allowed: true, decided_by: "stale", stale: true })
    expect(ask({ policy, last_sample_us: NOW - 180_000_000 })).toMatchObject({ allowed: false, stale: false })
    expect(ask({ last_sample_us })).toMatchObject({ allowed: false, stale: true, decided_by: "permission" })
  })

  test("an override replaces the measured state until it expires", () => {
    expect(ask({ override: override("normal") })).toMatchObject({
      allowed: true,
      state: "normal",
      measured_state: "critical",
      override: { by: "ops" },
    })
    expect(ask({ override: override("normal", NOW) })).toMatchObject({
      allowed: false,
      state: "critical",
      override: null,
    })
  })

  test("an explicit permission comes before the risk table", () => {
    const policy = { mode: "enforce", critical_actions: { allow_update: true } }
    expect(ask({ policy, operation: "update" })).toMatchObject({ allowed: true, decided_by: "permission" })
    expect(ask({ operation: "centroid_update" })).toMatchObject({ response: "defer", decided_by: "risk" })
    expect(ask({ operation: "search" })).toMatchObject({ response: "throttle", decided_by: "throttle_setting" })
  })

  test("concurrency comes last: at the limit one more is too many", () => {
    expect(ask({ operation: "search", running: 9 })).toMatchObject({ response: "throttle", allowed: true })
    expect(ask({ operation: "search", running: 10 })).toMatchObject({
      response: "defer",
      allowed: false,
      sqlstate: "53R03",
      retry_after_secs: 1,
      decided_by: "concurrency",
    })
    expect(ask({ operation: "read", running: 99 })).toMatchObject({ allowed: true })
    expect(ask({ running: 99 })).toMatchObject({ decided_by: "permission" })
  })

  test("a batch above the limit is refused, at the limit it is not", () => {
    expect(ask({ state: "stress", batch_rows: 100 })).toMatchObject({ response: "throttle", sqlstate: "53R01" })
    expect(ask({ state: "stress", batch_rows: 101 })).toMatchObject({
      response: "reject",
      allowed: false,
      sqlstate: "55R02",
      decided_by: "batch_size",
    })
  })
})

test("observe says what would be refused and refuses nothing", () => {
  for (const more of [{}, { operation: "search", running: 10 }, { state: "stress" as const, batch_rows: 1000 }]) {
    const answer = ask({ ...more, policy: { mode: "observe" } })
    expect(answer.allowed).toBe(true)
    expect(answer.sqlstate).not.toBeNull()
    expect(answer.steps.at(-1)).toContain("observe")
  }
})

test.each<[string, object]>([
  ["request.state", { state: "fine" }],
  ["request.now_us", { now_us: null }],
  ["request.running", { running: -1 }],
  ["request.batch_rows", { batch_rows: 1.5 }],
  ["request.lambda_cut", { lambda_cut: 2 }],
  ["request.kill_switch", { kill_switch: "on" }],
  ["request.override.until_us", { override: { state: "normal", reason: "r", by: "b", since_us: 1 } }],
  ["context.witness", { context: { witness: "index" } }],
  ["mode", { policy: { mode: "on" } }],
])("%s wrong is 22023", (field, more) => {
  expect(() => ask(more)).toThrow(
    expect.objectContaining({ code: "22023", detail: expect.stringContaining(JSON.stringify(field)) }),
  )
  expect(() => checkGate([])).toThrow(expect.objectContaining({ code: "22023" }))
})
