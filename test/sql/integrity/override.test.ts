import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pause, pin, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
  await sample(db)
})
afterAll(async () => db.close())

const state = () => db.value("select state from integrity.states where collection = 'docs'")

test("an override holds against the sampler, which goes on measuring underneath", async () => {
  await db.query("select integrity.override('docs', 'critical', 'migration of the disks', '1 hour')")
  for (let i = 0; i < 3; i++) expect(await sample(db)).toMatchObject({ state: "critical", measured_state: "normal" })
  expect(await outcome(db, "insert into docs (id) values (900)")).toBe("55R01")
  expect(await db.query("select state, measured_state, reason, set_by from integrity.overrides")).toEqual([
    { state: "critical", measured_state: "normal", reason: "migration of the disks", set_by: expect.any(String) },
  ])
})

test("setting again replaces, clearing returns to the measured state at once", async () => {
  await pin(db, "stress")
  expect(await state()).toBe("stress")
  await db.query("select integrity.clear_override('docs', 'done')")
  expect(await state()).toBe("normal")
  expect(await outcome(db, "insert into docs (id) values (900)")).toBe("ok")
  expect(await db.query("select * from integrity.overrides")).toEqual([])
})

test("an override ends by itself at the next sample after its time", async () => {
  await db.query("select integrity.override('docs', 'critical', 'test', '0.1 s')")
  expect(await state()).toBe("critical")
  await pause(150)
  expect(await sample(db)).toMatchObject({ state: "normal", transition: { kind: "override_expired" } })
  expect(await db.value("select (integrity.gate('docs', 'insert')).response")).toBe("allow")
})

test.each([
  ["an unknown state", "'broken', 'why', '1 hour'"],
  ["no reason", "'critical', '', '1 hour'"],
  ["NULL for a reason", "'critical', null, '1 hour'"],
  ["no time", "'critical', 'why', '0'"],
  ["more than 30 days", "'critical', 'why', '31 days'"],
  ["NULL for a time", "'critical', 'why', null"],
])("%s is 22023 and changes nothing", async (_what, rest) => {
  expect((await db.error(`select integrity.override('docs', ${rest})`)).code).toBe("22023")
  expect(await state()).toBe("normal")
})

test("there must be an override to clear, and a collection", async () => {
  expect((await db.error("select integrity.clear_override('docs', 'why')")).code).toBe("42704")
  expect((await db.error("select integrity.override('nope', 'critical', 'why', '1 hour')")).code).toBe("42704")
})

test("a rolled-back override was never there", async () => {
  await db.query("begin")
  await pin(db, "critical")
  expect((await db.error("insert into docs (id) values (900)")).code).toBe("55R01")
  await db.query("rollback")
  expect(await outcome(db, "insert into docs (id) values (900)")).toBe("ok")
  expect(await state()).toBe("normal")
})

test("overrides are in the history with their reasons", async () => {
  const events = await db.query<{ event_type: string }>("select event_type from integrity.history('docs', 'override')")
  expect(events).toHaveLength(3)
  expect(await db.value("select count(*)::int from integrity.history('docs', 'override_cleared')")).toBe(1)
})
