import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.query("select penstock.create_collection('docs', 3)")
})
afterAll(() => db.close())

const active = () => db.value<string>("select name from integrity.policies where collection = 'docs' and active")

test("a policy that somebody adds takes over from the one that every collection begins with, whatever its name", async () => {
  expect(await active()).toBe("default")
  await db.query("select integrity.set_policy('docs', 'zebra', '{\"mode\": \"enforce\"}')")
  expect(await active()).toBe("zebra")
  expect(await db.value("select mode from integrity.gate('docs', 'insert')")).toBe("enforce")
})

test("settings that are NULL are refused", async () => {
  expect((await db.error("select integrity.set_policy('docs', 'zebra', null)")).code).toBe("22004")
})
