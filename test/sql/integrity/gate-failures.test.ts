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
const failures = () => db.value<number>("select coalesce(pg_sequence_last_value('integrity._gate_failures'), 0)::int")

test("a missing gate row allows, counts and says so", async () => {
  expect(await outcome(db, insert)).toBe("55R01")
  await db.query("delete from integrity._gates where operation in ('insert', 'bulk_insert')")
  const before = await failures()
  expect(await outcome(db, insert)).toBe("ok")
  expect(await outcome(db, "select integrity.enter('docs', 'insert')")).toBe("ok")
  expect(await db.value("select (integrity.gate('docs', 'insert')).reason")).toContain("no compiled gate")
  expect(await failures()).toBe(before + 3)
})

test("where the policy says on_error refuse, it refuses", async () => {
  await db.query(`update integrity._policies set settings = settings || '{"on_error": "refuse"}'`)
  expect(await outcome(db, insert)).toBe("55R01")
  expect((await db.error(insert)).message).toContain("on_error refuse")
  await db.query(`update integrity._policies set settings = settings || '{"on_error": "allow"}'`)
})

test("the next change compiles the row again", async () => {
  await pin(db, "stress")
  await pin(db, "critical")
  expect(await outcome(db, insert)).toBe("55R01")
})

test("an internal error allows, counts and leaves the statement alive", async () => {
  const before = await failures()
  await db.query("alter table integrity._gates rename to _gates_gone")
  try {
    await db.query(`${insert} on conflict do nothing`)
    expect(await failures()).toBe(before + 1)
    await db.query("delete from docs where id = 900")
  } finally {
    await db.query("alter table integrity._gates_gone rename to _gates")
  }
  expect(await outcome(db, insert)).toBe("55R01")
})

test("a lost epoch sequence is such an error, not a broken table", async () => {
  const before = await failures()
  await db.query("begin")
  const name = await db.value<string>("select epoch_sequence::text from integrity._states")
  await db.query(`drop sequence ${name}`)
  await db.query(insert)
  await db.query("select integrity.enter('docs', 'bulk_insert')")
  await db.query("rollback")
  expect(await failures()).toBe(before + 2)
})

test("with on_stale allow the gates open when nobody samples, and close with the next sample", async () => {
  await db.query(`select integrity.set_policy('docs', 'default', '{"on_stale": "allow"}')`)
  await sample(db)
  expect(await outcome(db, insert)).toBe("55R01")
  await db.query("select pg_sleep(0.4)")
  expect(await outcome(db, insert)).toBe("ok")
  expect(await db.value("select (integrity.gate('docs', 'insert')).reason")).toContain("on_stale")
  expect(await db.value("select integrity.status('docs')->'stale'")).toBe(true)
  await db.query(`select integrity.set_policy('docs', 'default', '{"sample_interval_secs": 60}')`)
  await sample(db)
  expect(await outcome(db, insert)).toBe("55R01")
})

test("a trigger whose collection is gone lets the write pass", async () => {
  await db.query("alter table penstock._collections disable trigger _500_withdraw")
  await db.query("delete from penstock._collections")
  const before = await failures()
  expect(await outcome(db, insert)).toBe("ok")
  expect(await failures()).toBeGreaterThan(before)
})
