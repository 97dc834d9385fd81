import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { NEW_MACHINE, readSample } from "../../../plv8-src/integrity/machine.ts"
import { DEFAULT_POLICY } from "../../../plv8-src/integrity/policy-defaults.ts"
import { validatePolicy } from "../../../plv8-src/integrity/policy.ts"
import { nextState } from "../../../plv8-src/integrity/state-machine.ts"
import type { Signal } from "../../../plv8-src/integrity/types.ts"
import { type Database, openDatabase } from "../../support/database.ts"
import { evidenceOf, healthySignals, witnessOfGiven } from "../../unit/integrity/evidence-samples.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

const json = (value: unknown): string => JSON.stringify(value)

describe("policies", () => {
  test("{} and NULL are the default policy, with numbers as they are", async () => {
    expect(await db.value("select integrity.validate_policy('{}')")).toEqual(DEFAULT_POLICY)
    expect(await db.value("select integrity.validate_policy(null)")).toEqual(DEFAULT_POLICY)
    expect(await db.value("select integrity.validate_policy('{}') ->> 'threshold_high'")).toBe("0.8")
  })

  test("a partial update leaves the rest alone", async () => {
    const merged = await db.value("select integrity.merge_policy($1, $2)", [
      json({ stress_actions: { allow_reads: false } }),
      json({ stress_actions: { allow_delete: true }, mode: "enforce" }),
    ])
    expect(merged).toEqual({
      ...DEFAULT_POLICY,
      mode: "enforce",
      stress_actions: { ...DEFAULT_POLICY.stress_actions, allow_reads: false, allow_delete: true },
    })
  })

  test("a wrong field is 22023 with the field in DETAIL and the known ones in HINT", async () => {
    const failure = await db.error("select integrity.validate_policy($1)", [
      json({ stress_actions: { allow_bulk: 1 } }),
    ])
    expect(failure.code).toBe("22023")
    expect(JSON.parse(failure.detail ?? "")).toMatchObject({ field: "stress_actions.allow_bulk" })
    expect(failure.hint).toContain("allow_bulk_insert")
  })
})

test("every error of the library arrives with its SQLSTATE", async () => {
  const cases: [string, unknown[], string][] = [
    ["select integrity.decide('{}', 'normal', 'fly')", [], "22023"],
    ["select integrity.decide('{}', 'normal', null)", [], "22023"],
    ["select integrity.decide('{}', 'fine', 'read')", [], "22023"],
    ["select integrity.merge_policy('{}', null)", [], "22023"],
    ["select * from integrity.compile_gates('{}', null)", [], "22023"],
    ["select * from integrity.compile_gates('{}', 'normal', $1)", [json({ witness: "index" })], "22023"],
    ["select integrity._next_state('{}', null, $1)", [json({ lambda_cut: 1 })], "22023"],
    ["select integrity._next_state('{}', $1, $2)", [json({ state: "?" }), json({ now_us: 1 })], "22023"],
    ["select integrity._pin_state(null, $1)", [json({ clear: true, reason: "r", by: "b", now_us: 1 })], "42704"],
    ["select integrity._contract(null)", [], "22023"],
    ["select integrity._witness('{}', null)", [], "22023"],
    ["select integrity._check_gate('{}')", [], "22023"],
    ["select integrity._explain(null)", [], "22023"],
    ["select integrity._what_if('{}', $1, $2)", [json(evidenceOf({ signals: [] })), json({ remove: "x" })], "42704"],
    ["select integrity._graph_dot('[]')", [], "22023"],
    ["select integrity._graph_mermaid('{}')", [], "22023"],
  ]
  for (const [statement, params, code] of cases)
    expect([statement, (await db.error(statement, params)).code]).toEqual([statement, code])
})

test("evidence becomes lambda_cut through SQL as it does in the library", async () => {
  const lost: Signal = { signal: "vector_index", member: "docs_p1", valid: 0, invalid: 1, building: 0 }
  const node = { id: 1, node_type: "gateway", name: "lb", class: "required", health: 0.2, hard: true } as const
  for (const given of [
    { signals: [] },
    { signals: healthySignals() },
    { signals: [...healthySignals(), lost] },
    { signals: healthySignals(), user_nodes: [node] },
    {
      signals: healthySignals(),
      user_nodes: [node],
      user_edges: [{ source: "lb", target: "east", edge_type: "routing_link" as const, capacity: 3 }],
    },
  ]) {
    const through = await db.value(
      `with contracted as (select * from integrity._contract($1))
       select integrity._witness(c.graph, jsonb_build_object(
         'cut_value', m.cut_value, 'side', m.side, 'witness', m.witness,
         'healthy_cut_value', case when c.normalise then h.cut_value end))
       from contracted c
       left join lateral integrity.min_cut(c.node_count, c.source, c.target, c.weight) m on true
       left join lateral integrity.min_cut(c.node_count, c.source, c.target, c.healthy_weight) h on true`,
      [json(evidenceOf(given))],
    )
    expect(through).toEqual(JSON.parse(json(witnessOfGiven(given))))
  }
})

test("the state machine keeps its memory through jsonb, microseconds included", async () => {
  const stretches = fc.array(
    fc.record({
      gap: fc.constantFrom(1, 100_001, 60_000_000, 301_000_000),
      lambda_cut: fc.constantFrom(null, 0, 0.3, 0.45, 0.85, 0.91, 1),
      hard: fc.boolean(),
      fresh: fc.boolean(),
      lambda2: fc.constantFrom(null, 0.1, 2.5),
    }),
    { minLength: 5, maxLength: 15 },
  )
  const settings = { lambda2_alert_share: 0.3, hysteresis: { hold_secs: 60, cooldown_secs: 1 } }
  await fc.assert(
    fc.asyncProperty(stretches, async (list) => {
      let machine = NEW_MACHINE
      let stored: unknown = null
      let now_us = 1_763_658_000_000_001
      for (const { gap, ...rest } of list) {
        now_us += gap
        const sample = { ...rest, now_us, cause: rest.lambda_cut === 1 ? null : "vector index/vector_index" }
        const expected = nextState(validatePolicy(settings), machine, readSample(sample))
        const step = await db.value<{ machine: unknown }>("select integrity._next_state($1, $2, $3)", [
          json(settings),
          stored === null ? null : json(stored),
          json(sample),
        ])
        expect(step).toEqual(JSON.parse(json(expected)))
        machine = expected.machine
        stored = step.machine
      }
    }),
    { numRuns: 5 },
  )
})
