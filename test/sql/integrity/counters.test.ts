import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded("observe")
  await pin(db, "critical")
})
afterAll(async () => db.close())

const refusals = async (operation: string) =>
  (
    await db.query(
      "select total::int, refused_24h::int, would_have_refused_24h::int from integrity.last_refusals where operation = $1",
      [operation],
    )
  )[0] ?? { total: 0, refused_24h: 0, would_have_refused_24h: 0 }

test("nothing is counted before anything is refused", async () => {
  expect(await refusals("insert")).toEqual({ total: 0, refused_24h: 0, would_have_refused_24h: 0 })
})

test("a count survives the rollback of its transaction", async () => {
  for (let i = 0; i < 5; i++) await outcome(db, "insert into docs (id) values (900)")
  expect(await refusals("insert")).toMatchObject({ total: 5 })
})

test("a sample says in which mode they were counted", async () => {
  await sample(db)
  expect(await refusals("insert")).toEqual({ total: 5, refused_24h: 0, would_have_refused_24h: 5 })
  await db.query("select integrity.protect('docs', 'enforce')")
  for (let i = 0; i < 3; i++) expect(await outcome(db, "insert into docs (id) values (900)")).toBe("55R01")
  await sample(db)
  expect(await refusals("insert")).toEqual({ total: 8, refused_24h: 3, would_have_refused_24h: 5 })
})

test("one refused statement counts once, however many triggers it meets", async () => {
  await outcome(db, "truncate docs")
  expect(await refusals("bulk_delete")).toMatchObject({ total: 1 })
})

test("a read-only transaction is refused and not counted", async () => {
  const before = await refusals("bulk_insert")
  await db.query("begin read only")
  expect((await db.error("select integrity.enter('docs', 'bulk_insert')")).code).toBe("55R01")
  await db.query("rollback")
  expect(await refusals("bulk_insert")).toEqual(before)
})
