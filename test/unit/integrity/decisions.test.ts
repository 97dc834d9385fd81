import { describe, expect, test } from "@jest/globals"
import { compileGates, decide, STATES, stateNamed } from "../../../plv8-src/integrity/decide.ts"
import { OPERATIONS } from "../../../plv8-src/integrity/operations.ts"
import { validatePolicy } from "../../../plv8-src/integrity/policy.ts"
import type { GateContext, State } from "../../../plv8-src/integrity/types.ts"
import { readFixture, readTable } from "./fixtures.ts"

const MODES = ["off", "observe", "enforce"] as const

/** A policy in which nothing is explicit. */
const silent = {
  allow_reads: "by_risk",
  allow_single_insert: "by_risk",
  allow_bulk_insert: "by_risk",
  allow_delete: "by_risk",
  allow_update: "by_risk",
  allow_index_rewire: "by_risk",
  allow_compression: "by_risk",
  allow_replication: "by_risk",
  allow_backup: "by_risk",
  throttle_inserts_pct: 0,
  throttle_searches_pct: 0,
  pause_gnn_training: false,
  pause_tier_management: false,
  emergency_compact: false,
}
const riskOnly = { normal_actions: silent, stress_actions: silent, critical_actions: silent }

const modeTable = readTable("modes.tsv")

/** What `modes.tsv` says about an answer in a mode, with the names and types of a decision. */
const expected = (answer: string, mode: string) => {
  const row = modeTable.find((r) => r["answer"] === answer && r["mode"] === mode)
  if (row === undefined) throw new Error(`modes.tsv has no row for ${answer} in ${mode}`)
  const orNull = (cell: string | undefined) => (cell === "-" ? null : cell)
  return {
    response: row["response"],
    allowed: row["allowed"] === "yes",
    throttle_factor: Number(row["throttle_factor"]),
    throttle_pct: Number(row["throttle_pct"]),
    retry_after_secs: row["retry_after_secs"] === "-" ? null : Number(row["retry_after_secs"]),
    sqlstate: orNull(row["sqlstate"]),
    mode,
  }
}

describe.each([
  ["default-policy.tsv", {}],
  ["risk-table.tsv", riskOnly],
])("%s", (file, policy) => {
  const rows = readTable(file)

  test("lists every operation once", () => {
    expect(rows.map((row) => row["operation"])).toEqual(Object.keys(OPERATIONS))
  })

  test.each(
    rows.flatMap((row) =>
      STATES.flatMap((state) => MODES.map((mode) => [row["operation"], state, mode, row] as const)),
    ),
  )("%s in %s, mode %s", (operation = "", state, mode, row) => {
    const decision = decide(validatePolicy({ ...policy, mode }), state, operation)
    expect(decision).toMatchObject({ ...expected(row[state] ?? "", mode), operation, state })
    if (row["risk"] !== undefined) expect(decision.risk_level).toBe(row["risk"])
    if (row["kind"] !== undefined) expect(decision.enforced).toBe(row["kind"] === "enforced")
    expect(decision.reason === null).toBe(mode !== "off" && decision.response === "allow")
  })
})

type Case = {
  name: string
  policy?: object
  state: State
  operation: string
  context?: GateContext
  answer: string
}

test.each((JSON.parse(readFixture("cases.json")) as Case[]).map((c) => [c.name, c] as const))("%s", (_name, c) => {
  const policy = validatePolicy({ ...c.policy, mode: "enforce" })
  expect(decide(policy, c.state, c.operation, c.context ?? null)).toMatchObject(expected(c.answer, "enforce"))
})

test("limits are on the operations that they limit", () => {
  const policy = validatePolicy({
    stress_actions: { max_concurrent_searches: 7, max_insert_batch_size: 9 },
  })
  const limits = compileGates(policy, "stress", null)
    .filter((gate) => gate.max_concurrent !== null || gate.max_batch_size !== null)
    .map((gate) => [gate.operation, gate.max_concurrent, gate.max_batch_size])
  expect(limits).toEqual([
    ["search", 7, null],
    ["insert", null, 9],
    ["bulk_insert", null, 9],
  ])
  expect(decide(validatePolicy({ mode: "off" }), "critical", "search").max_concurrent).toBeNull()
})

test("compiled gates are the decisions, one row per operation", () => {
  const policy = validatePolicy({ on_stale: "allow", on_error: "refuse", mode: "enforce", sample_interval_secs: 20 })
  for (const state of STATES)
    for (const witness_is_index of [false, true]) {
      const gates = compileGates(policy, state, { witness_is_index })
      expect(gates.map((gate) => gate.operation)).toEqual(Object.keys(OPERATIONS))
      for (const gate of gates) {
        expect(gate).toMatchObject(decide(policy, state, gate.operation, { witness_is_index }))
        expect(gate).toMatchObject({ stale_after_secs: 60, refuse_on_error: true })
      }
    }
  const [observed] = compileGates(validatePolicy({ on_error: "refuse" }), "normal", null)
  expect(observed).toMatchObject({ stale_after_secs: null, refuse_on_error: false })
})

test("a worse state never permits more under the default policy, compaction excepted", () => {
  const policy = validatePolicy({})
  for (const operation of Object.keys(OPERATIONS)) {
    if (operation === "compact") continue
    const [normal = 0, stress = 0, critical = 0] = STATES.map((s) => decide(policy, s, operation).throttle_factor)
    expect(normal <= stress && stress <= critical).toBe(true)
  }
})

test.each(["fly", "", null, 3, "toString", "__proto__"])(
  "unknown operation %j is 22023 and lists the known ones",
  (name) => {
    const policy = validatePolicy({})
    const run = () => decide(policy, "normal", name as string)
    expect(run).toThrow(expect.objectContaining({ code: "22023", hint: expect.stringContaining("graph_edge_remove") }))
  },
)

test("an unknown state is 22023", () => {
  expect(() => stateNamed("fine")).toThrow(expect.objectContaining({ code: "22023" }))
})
