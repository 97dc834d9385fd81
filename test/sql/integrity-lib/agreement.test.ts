import { afterAll, beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openDatabase } from "../../support/database.ts"
import { policySettings } from "./policies.ts"

const isLong = process.env["PENSTOCK_TEST_LONG"] === "1"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.query("select penstock.create_collection('docs', 3)")
})
afterAll(async () => db.close())

/** Fields of every row in which two answers for the same operation differ; the answers are jsonb. */
const differences = `
  select a.operation, f.key, a.answer -> f.key as one, b.answer -> f.key as other
  from one a
  join other b using (operation)
  cross join lateral jsonb_each(a.answer) f
  where b.answer -> f.key is distinct from f.value and b.answer ? f.key
`

const gateAndCheckGate = `with one as (
    select o.operation, to_jsonb(g) as answer
    from integrity.operations o, integrity.gate('docs', o.operation) g
  ),
  other as (select o.operation, integrity.check_gate('docs', o.operation) as answer from integrity.operations o)
  ${differences}`

test("gate, check_gate, compile_gates and decide agree on every operation and state under any policy", async () => {
  await fc.assert(
    fc.asyncProperty(policySettings, async (settings) => {
      // returns the complete policy; what an earlier run set and this one does not name stays
      const complete = await db.value("select integrity.set_policy('docs', 'default', $1)", [JSON.stringify(settings)])
      for (const state of ["normal", "stress", "critical"]) {
        await db.query("select integrity.override('docs', $1, 'test', '1 hour')", [state])
        const rows = await db.query(gateAndCheckGate)
        expect(rows).toEqual([])
        const compiled = await db.query(
          `with one as (select operation, to_jsonb(c) as answer from integrity.compile_gates($1, $2) c),
                other as (
                  select o.operation, integrity.decide($1, $2, o.operation) as answer from integrity.operations o
                )
           ${differences}`,
          [JSON.stringify(complete), state],
        )
        expect(compiled).toEqual([])
      }
    }),
    { numRuns: isLong ? 200 : 5 },
  )
})

test("gate and check_gate agree under the kill switch and on stale samples", async () => {
  const settings = { mode: "enforce", on_stale: "allow", sample_interval_secs: 0.1 }
  await db.query("select integrity.set_policy('docs', 'default', $1)", [JSON.stringify(settings)])
  await db.query("select integrity.override('docs', 'critical', 'test', '1 hour')")
  const open =
    "select count(*)::int from integrity.operations o, integrity.gate('docs', o.operation) g where not g.allowed"

  await db.query("select integrity.sample('docs')")
  await new Promise((resolve) => {
    setTimeout(resolve, 400)
  })
  expect(await db.query(gateAndCheckGate)).toEqual([])
  expect(await db.value(open)).toBe(0)

  await db.query("select integrity.kill_switch(true, 'test')")
  expect(await db.query(gateAndCheckGate)).toEqual([])
  expect(await db.value(open)).toBe(0)
  await db.query("select integrity.kill_switch(false, 'test')")
})
