import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, pin } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded("observe")
})
afterAll(async () => db.close())

const active = () => db.value("select name from integrity.policies where collection = 'docs' and active")
const insertPct = () => db.value("select (integrity.gate('docs', 'insert')).throttle_pct")

test("a partial update leaves every other field and every other state alone", async () => {
  const before = await db.value<Record<string, object>>(
    "select settings from integrity.policies where collection = 'docs' and name = 'default'",
  )
  const after = await db.value<Record<string, object>>("select integrity.set_policy('docs', 'default', $1)", [
    JSON.stringify({ stress_actions: { throttle_inserts_pct: 75 } }),
  ])
  expect(after).toEqual({ ...before, stress_actions: { ...before.stress_actions, throttle_inserts_pct: 75 } })
})

test("a change of the active policy is in the gates at once", async () => {
  await pin(db, "stress")
  expect(await insertPct()).toBe(75)
  await db.query("select integrity.set_policy('docs', 'default', $1)", [
    JSON.stringify({ stress_actions: { throttle_inserts_pct: 10 } }),
  ])
  expect(await insertPct()).toBe(10)
})

test("of several enabled policies the one with the highest priority is active", async () => {
  await db.query("select integrity.set_policy('docs', 'night', $1)", [
    JSON.stringify({ priority: 10, stress_actions: { throttle_inserts_pct: 30 } }),
  ])
  expect(await active()).toBe("night")
  expect(await insertPct()).toBe(30)
  await db.query("select integrity.set_policy('docs', 'night', '{}', false)")
  expect(await active()).toBe("default")
  expect(await insertPct()).toBe(10)
  await db.query("select integrity.set_policy('docs', 'night', '{}', true)")
  expect(await insertPct()).toBe(30)
  await db.query("select integrity.drop_policy('docs', 'night')")
  expect(await insertPct()).toBe(10)
})

test("a disabled policy stays disabled when it is changed", async () => {
  await db.query("select integrity.set_policy('docs', 'later', '{\"priority\": 99}', false)")
  await db.query("select integrity.set_policy('docs', 'later', '{\"threshold_high\": 0.7}')")
  expect(await active()).toBe("default")
  await db.query("select integrity.drop_policy('docs', 'later')")
})

test("without any enabled policy the defaults hold", async () => {
  await db.query("select integrity.set_policy('docs', 'default', '{}', false)")
  expect(await insertPct()).toBe(50)
  await db.query("select integrity.set_policy('docs', 'default', '{}', true)")
})

test.each([
  ["thresholds in the wrong order", { threshold_high: 0.2, threshold_low: 0.3 }],
  ["an unknown field", { treshold_high: 0.9 }],
  ["an unknown mode", { mode: "enforced" }],
  ["a share above 100 %", { stress_actions: { throttle_inserts_pct: 101 } }],
  ["an interval below 100 ms", { sample_interval_secs: 0.05 }],
])("%s is 22023 and changes nothing", async (_what, settings) => {
  const before = await db.query("select name, settings from integrity.policies order by name")
  expect((await db.error("select integrity.set_policy('docs', 'default', $1)", [JSON.stringify(settings)])).code).toBe(
    "22023",
  )
  expect(await db.query("select name, settings from integrity.policies order by name")).toEqual(before)
})

test("a policy needs a name, and one that is not there cannot be dropped", async () => {
  expect((await db.error("select integrity.set_policy('docs', '', '{}')")).code).toBe("22023")
  expect((await db.error("select integrity.set_policy('docs', null, '{}')")).code).toBe("22023")
  expect((await db.error("select integrity.drop_policy('docs', 'nope')")).code).toBe("42704")
  expect((await db.error("select integrity.set_policy('nope', 'default', '{}')")).code).toBe("42704")
})

test("a hostile name is only a name", async () => {
  const name = `a"b'c; drop table docs; --`
  await db.query("select integrity.set_policy('docs', $1, '{\"priority\": 5}')", [name])
  expect(await active()).toBe(name)
  await db.query("select integrity.drop_policy('docs', $1)", [name])
})

test("every change is in the history, with who changed what", async () => {
  const events = await db.query<{ event_type: string }>(
    "select event_type from integrity.history('docs', 'policy_change')",
  )
  expect(events.length).toBeGreaterThan(8)
})
