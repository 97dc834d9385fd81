import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, pin } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
})
afterAll(async () => db.close())

/**
 * The default policy, written by hand: what each operation meets in normal, stress and critical.
 * "throttle 0.5" is the probability of refusal, "defer 60" the seconds to wait.
 */
const golden: readonly (readonly [string, string, string, string, string])[] = [
  ["search", "low", "allow", "allow", "throttle 0.2"],
  ["read", "low", "allow", "allow", "allow"],
  ["insert", "low", "allow", "throttle 0.5", "reject"],
  ["delete", "low", "allow", "allow", "reject"],
  ["bulk_insert", "medium", "allow", "reject", "reject"],
  ["bulk_delete", "medium", "allow", "throttle 0.5", "reject"],
  ["update", "medium", "allow", "throttle 0.5", "reject"],
  ["centroid_update", "medium", "allow", "throttle 0.5", "defer 60"],
  ["graph_edge_add", "medium", "allow", "throttle 0.5", "defer 60"],
  ["graph_edge_remove", "medium", "allow", "throttle 0.5", "defer 60"],
  ["index_build", "high", "allow", "defer 300", "reject"],
  ["index_rewire", "high", "allow", "defer 300", "reject"],
  ["index_rebuild", "high", "allow", "defer 300", "reject"],
  ["compression", "high", "allow", "defer 300", "reject"],
  ["compact", "high", "allow", "defer 300", "allow"],
  ["tier_manage", "high", "allow", "defer 300", "reject"],
  ["gnn_train", "high", "allow", "reject", "reject"],
  ["shard_move", "high", "allow", "defer 300", "reject"],
  ["replication", "high", "allow", "allow", "allow"],
  ["backup", "high", "allow", "allow", "allow"],
]
const states = ["normal", "stress", "critical"] as const
const modes = ["off", "observe", "enforce"] as const

interface GateResult {
  response: string
  allowed: boolean
  risk_level: string
  state: string
  throttle_factor: number
  throttle_pct: number
  retry_after_secs: number | null
  reason: string | null
  lambda_cut: number | null
  mode: string
}

const asWords = ({ response, throttle_factor: factor, retry_after_secs: after }: GateResult): string => {
  if (response === "throttle") return `throttle ${factor}`
  return response === "defer" ? `defer ${after}` : response
}

const setMode = (mode: string) =>
  db.query("select integrity.set_policy('docs', 'default', $1)", [JSON.stringify({ mode })])

test("the matrix covers exactly the operations that gates know", async () => {
  const known = await db.query("select operation, risk_level from integrity.operations order by operation")
  const written = golden.map(([operation, risk_level]) => ({ operation, risk_level }))
  expect(written.sort((a, b) => (a.operation < b.operation ? -1 : 1))).toEqual(known)
  const compiled = await db.query("select operation, risk_level, enforced from integrity.gates order by operation")
  expect(compiled).toEqual(
    await db.query("select operation, risk_level, enforced from integrity.operations order by 1"),
  )
})

describe.each(modes)("mode %s", (mode) => {
  describe.each(states)("state %s", (state) => {
    beforeAll(async () => {
      await setMode(mode)
      await pin(db, state)
    })

    test("gate answers as written and check_gate agrees with every field", async () => {
      for (const [operation, risk, ...answers] of golden) {
        const [gate] = await db.query<GateResult & Record<string, unknown>>(
          "select * from integrity.gate('docs', $1)",
          [operation],
        )
        const expected = mode === "off" ? "allow" : answers[states.indexOf(state)]
        expect([operation, gate && asWords(gate)]).toEqual([operation, expected])
        const refusesAlways = expected?.startsWith("defer") || expected === "reject"
        expect(gate).toMatchObject({ risk_level: risk, state, mode, allowed: mode !== "enforce" || !refusesAlways })
        const complete = await db.value<Record<string, unknown>>("select integrity.check_gate('docs', $1)", [operation])
        for (const [field, value] of Object.entries(gate ?? {}))
          expect([operation, field, complete[field]]).toEqual([operation, field, value])
      }
    })
  })
})

test("an unknown operation is 22023 and the hint lists the known ones", async () => {
  for (const statement of [
    "select integrity.gate('docs', 'vacuum')",
    "select integrity.enter('docs', 'vacuum')",
    "select integrity.gate('docs', null)",
    "select integrity.check_gate('docs', 'vacuum')",
  ]) {
    const failure = await db.error(statement)
    expect([statement, failure.code]).toEqual([statement, "22023"])
    expect(failure.hint).toContain("bulk_insert")
  }
})

test("an unknown collection is 42704, a missing name 22004", async () => {
  expect((await db.error("select integrity.gate('nope', 'insert')")).code).toBe("42704")
  expect((await db.error("select integrity.enter('nope', 'insert')")).code).toBe("42704")
  expect((await db.error("select integrity.check_gate('nope', 'insert')")).code).toBe("42704")
  expect((await db.error("select integrity.gate(null, 'insert')")).code).toBe("22004")
})

test("enter raises the code of the answer, with DETAIL for programs and a HINT for people", async () => {
  await setMode("enforce")
  await pin(db, "critical")
  const refused = await db.error("select integrity.enter('docs', 'insert')")
  expect(refused.code).toBe("55R01")
  expect(JSON.parse(refused.detail ?? "")).toEqual({
    collection: "docs",
    operation: "insert",
    state: "critical",
    lambda: null,
    retry_after: null,
  })
  expect(refused.hint).toContain("integrity.explain('docs')")
  const deferred = await db.error("select integrity.enter('docs', 'centroid_update')")
  expect(deferred.code).toBe("53R02")
  expect(JSON.parse(deferred.detail ?? "")).toMatchObject({ retry_after: 60 })
  expect(deferred.hint).toContain("60 s")
})
