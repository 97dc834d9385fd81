import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
  await pin(db, "critical")
})
afterAll(async () => db.close())

const insert = "insert into docs (id) values (900)"

test("the kill switch opens every gate and says so", async () => {
  expect(await outcome(db, insert)).toBe("55R01")
  await db.query("select integrity.kill_switch(true, 'drill')")
  expect(await outcome(db, insert)).toBe("ok")
  expect(await outcome(db, "truncate docs")).toBe("ok")
  expect(await outcome(db, "select integrity.enter('docs', 'bulk_insert')")).toBe("ok")
  expect(await db.value("select (integrity.gate('docs', 'insert')).reason")).toBe("the kill switch is on")
  expect(await db.value("select integrity.status('docs')->'kill_switch'")).toBe(true)
  expect(await db.value(`select ok from integrity.health where "check" = 'gate'`)).toBe(false)
})

test("sampling goes on and does not close the gates again", async () => {
  await sample(db)
  await db.query(`select integrity.set_policy('docs', 'default', '{"threshold_low": 0.25}')`)
  expect(await outcome(db, insert)).toBe("ok")
})

test("switching it off closes them", async () => {
  await db.query("select integrity.kill_switch(false, 'drill over', 'docs')")
  expect(await outcome(db, insert)).toBe("55R01")
})

test("check_gate agrees with gate while it is on", async () => {
  await db.query("select integrity.kill_switch(true, 'drill')")
  for (const operation of ["insert", "search", "compact"]) {
    const gate = await db.query("select * from integrity.gate('docs', $1)", [operation])
    const complete = await db.value("select integrity.check_gate('docs', $1)", [operation])
    expect(complete).toMatchObject({ response: "allow", allowed: true, decided_by: "kill_switch" })
    expect(gate[0]).toMatchObject({ response: "allow", allowed: true })
  }
  await db.query("select integrity.kill_switch(false, 'drill over')")
})

test("it needs a reason and a collection that exists", async () => {
  expect((await db.error("select integrity.kill_switch(true, ' ')")).code).toBe("22023")
  expect((await db.error("select integrity.kill_switch(null, 'why')")).code).toBe("22023")
  expect((await db.error("select integrity.kill_switch(true, 'why', 'nope')")).code).toBe("42704")
})

test("it is in the history each time", async () => {
  expect(await db.value("select count(*)::int from integrity.history('docs', 'kill_switch')")).toBe(4)
})
