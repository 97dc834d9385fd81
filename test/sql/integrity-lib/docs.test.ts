import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

test("the statement of docs/decisions.md gives the policy that the page says", async () => {
  const page = readFileSync(new URL("../../../docs/decisions.md", import.meta.url), "utf8")
  const [, statement = ""] = /```sql\n([^`]*);\n```/u.exec(page) ?? []
  const merged = await db.value<Record<string, Record<string, unknown>>>(statement)
  expect(merged["mode"]).toBe("enforce")
  expect(merged["stress_actions"]).toMatchObject({ throttle_inserts_pct: 75, allow_bulk_insert: false })
  expect(
    await db.value('select integrity.merge_policy($1, \'{"mode": null, "stress_actions": null}\')', [
      JSON.stringify(merged),
    ]),
  ).toEqual(await db.value("select integrity.validate_policy('{}')"))
})
