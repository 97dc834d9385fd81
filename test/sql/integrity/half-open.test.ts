import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin, sample, sampleUntil } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
  await db.query("select integrity.set_policy('docs', 'default', $1)", [
    JSON.stringify({ sample_interval_secs: 1, hysteresis: { hold_secs: 3600, cooldown_secs: 0.1, probe_budget: 3 } }),
  ])
})
afterAll(async () => db.close())

const insert = "insert into docs (id) values (900)"
const outcomes = async (count: number): Promise<string[]> => {
  const seen: string[] = []
  for (let i = 0; i < count; i++) seen.push(await outcome(db, insert))
  return seen
}
const refused = () =>
  db.value<number>("select coalesce(sum(total), 0)::int from integrity.last_refusals where operation = 'insert'")

/* One story, in order. */
test("closed while the fault lasts", async () => {
  await db.exec("alter table docs detach partition docs_2")
  await sampleUntil(db, "critical")
  expect(await outcomes(4)).toEqual(["55R01", "55R01", "55R01", "55R01"])
})

test("half open once lambda_cut is back and the hold runs: the budget passes, the rest is refused and counted", async () => {
  await db.exec("alter table docs attach partition docs_2 for values in (2)")
  expect(await sample(db)).toMatchObject({ state: "critical" })
  const before = await refused()
  expect(await outcomes(5)).toEqual(["ok", "ok", "ok", "55R01", "55R01"])
  expect(await refused()).toBe(before + 2)
  expect(await db.value("select integrity.explain('docs')")).toContain("3 refused operations a sample pass as probes")
})

test("the next sample brings a new budget, one for all operations together", async () => {
  await sample(db)
  const seen = []
  for (const statement of [insert, "update docs set metadata = '{}'", "delete from docs", "truncate docs"])
    seen.push(await outcome(db, statement))
  expect(seen).toEqual(["ok", "ok", "ok", "55R01"])
})

test("an override closes the gate", async () => {
  await sample(db)
  await pin(db, "critical")
  expect(await outcomes(2)).toEqual(["55R01", "55R01"])
  await sample(db)
  expect(await outcomes(2)).toEqual(["55R01", "55R01"])
  await db.query("select integrity.clear_override('docs', 'test')")
})

test("a relapse closes it at the sample that sees it", async () => {
  await sample(db)
  expect(await outcomes(1)).toEqual(["ok"])
  await db.exec("alter table docs detach partition docs_3")
  await sample(db)
  expect(await outcomes(2)).toEqual(["55R01", "55R01"])
})

test("without a budget, which is the default, it stays closed until the state has recovered", async () => {
  await db.query(`select integrity.set_policy('docs', 'default', '{"hysteresis": {"probe_budget": null}}')`)
  await db.exec("alter table docs attach partition docs_3 for values in (3)")
  await sample(db)
  expect(await outcomes(2)).toEqual(["55R01", "55R01"])
})
