import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin } from "./guarded-collection.ts"

let db: Database
const limit = (max_concurrent_searches: number) =>
  db.query("select integrity.set_policy('docs', 'default', $1)", [
    JSON.stringify({ stress_actions: { max_concurrent_searches } }),
  ])

beforeAll(async () => {
  db = await openGuarded()
  await limit(2)
  await pin(db, "stress")
})
afterAll(async () => db.close())

const search = "select integrity.enter('docs', 'search')"
const slots = () =>
  db.value<number>(
    "select count(*)::int from pg_locks where locktype = 'advisory' and classid = 1346720339 and mode = 'ExclusiveLock'",
  )

test("a transaction takes one slot, however often it searches, and gives it back at its end", async () => {
  await db.query("begin")
  for (let i = 0; i < 5; i++) await db.query(search)
  expect(await slots()).toBe(1)
  await db.query("commit")
  expect(await slots()).toBe(0)
})

test("a slot that was taken inside a savepoint goes with it", async () => {
  await db.query("begin")
  await db.query("savepoint a")
  await db.query(search)
  await db.query("rollback to a")
  expect(await slots()).toBe(0)
  await db.query(search)
  expect(await slots()).toBe(1)
  await db.query("rollback")
})

test("no free slot is 53R03 with a HINT to retry", async () => {
  await limit(0)
  const refused = await db.error(search)
  expect(refused.code).toBe("53R03")
  expect(refused.hint).toContain("retry")
})

test("observe counts it and lets it pass", async () => {
  const total = () => db.value<number>("select total::int from integrity.last_refusals where operation = 'search'")
  const before = await total()
  await db.query("select integrity.protect('docs', 'observe')")
  expect(await outcome(db, search)).toBe("ok")
  expect(await total()).toBe(before + 1)
})

test("a limit above the number of slots is no limit of ours to refuse", async () => {
  await db.query("select integrity.protect('docs', 'enforce')")
  await limit(1_000_000)
  expect(await outcome(db, search)).toBe("ok")
})
