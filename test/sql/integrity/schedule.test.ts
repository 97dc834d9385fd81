import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, pause } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded("observe")
  await db.query("select penstock.create_collection('slow', 3)")
})
afterAll(async () => db.close())

const counts = async () =>
  Object.fromEntries(
    (
      await db.query<{ collection: string; samples: number }>(
        "select collection, sample_count::int as samples from integrity.states",
      )
    ).map((row) => [row.collection, row.samples]),
  )

test("tick samples what is due: first everything, then whose interval has passed", async () => {
  await db.query("call integrity.tick()")
  expect(await counts()).toEqual({ docs: 1, slow: 1 })
  await pause(120)
  await db.query("call integrity.tick()")
  expect(await counts()).toEqual({ docs: 2, slow: 1 })
})

test("tick ends an override that has run out, whatever the interval", async () => {
  await db.query("select integrity.override('slow', 'stress', 'test', '0.1 s')")
  await pause(120)
  await db.query("call integrity.tick()")
  expect(await db.value("select state from integrity.states where collection = 'slow'")).toBe("normal")
})

test("tick goes on after a collection that cannot be sampled", async () => {
  await db.query("update integrity._states set machine = '[1]' where collection = 'docs'")
  await pause(120)
  await db.query("update integrity._states set last_sample_at = last_sample_at - interval '1 hour'")
  const before = await counts()
  await db.query("call integrity.tick()")
  const after = await counts()
  expect(after["slow"]).toBe((before["slow"] ?? 0) + 1)
  await db.query("update integrity._states set machine = '{}' where collection = 'docs'")
})

test("sample_all samples everything now", async () => {
  const before = await counts()
  const taken = await db.query("select collection, state, lambda_cut from integrity.sample_all()")
  expect(taken).toEqual([
    { collection: "docs", state: "normal", lambda_cut: 1 },
    { collection: "slow", state: "normal", lambda_cut: 1 },
  ])
  expect(await counts()).toEqual({ docs: (before["docs"] ?? 0) + 1, slow: (before["slow"] ?? 0) + 1 })
})

test("lambda2 is computed when asked for, and when the policy alerts on it", async () => {
  expect(await db.value("select integrity.sample('docs')->'lambda2'")).toBeNull()
  expect(await db.value<number>("select (integrity.sample('docs', true)->>'lambda2')::float8")).toBeCloseTo(1, 9)
  await db.query(`select integrity.set_policy('docs', 'default', '{"lambda2_alert_share": 0.3}')`)
  expect(await db.value<number>("select (integrity.sample('docs')->>'lambda2')::float8")).toBeCloseTo(1, 9)
  await db.query("drop index docs_hnsw")
  await db.query("select integrity.sample('docs')")
  expect(await db.value("select count(*)::int from integrity.history('docs', 'alert')")).toBe(1)
})

test("a collection whose table is gone is left out, and asking for it is 42704", async () => {
  await db.query("drop table slow")
  await db.query("call integrity.tick()")
  await db.query("select * from integrity.sample_all()")
  expect((await db.error("select integrity.sample('slow')")).code).toBe("42704")
  expect((await db.error("select integrity.sample('nope')")).code).toBe("42704")
})
