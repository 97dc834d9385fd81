import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded("observe")
})
afterAll(async () => db.close())

const preview = () => db.query("select operation, would_have_refused from integrity.enforce_preview('docs')")

test("what observe let pass is what enforce would have refused, noted by a sample or not", async () => {
  expect(await preview()).toEqual([])
  await pin(db, "critical")
  for (let i = 0; i < 3; i++) expect(await outcome(db, "insert into docs (id) values (900)")).toBe("ok")
  expect(await preview()).toEqual([{ operation: "insert", would_have_refused: 3 }])
  await sample(db)
  expect(await outcome(db, "delete from docs")).toBe("ok")
  expect(await preview()).toEqual([
    { operation: "insert", would_have_refused: 3 },
    { operation: "delete", would_have_refused: 1 },
  ])
})

test("what was refused in enforce, or longer ago than a day, does not count", async () => {
  await db.query("select integrity.protect('docs', 'enforce')")
  expect(await outcome(db, "insert into docs (id) values (900)")).toBe("55R01")
  await sample(db)
  expect(await preview()).toContainEqual({ operation: "insert", would_have_refused: 3 })
  await db.query(
    "update integrity._refusal_marks set marked_at = marked_at - interval '25 hours' where mode = 'observe'",
  )
  expect(await preview()).toEqual([])
})

test("an unknown collection is 42704", async () => {
  expect((await db.error("select integrity.enforce_preview('nope')")).code).toBe("42704")
})
