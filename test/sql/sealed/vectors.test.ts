import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

/** The published vectors of sealing, computed inside the database by this server's language plv8. */
let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

const { cases } = JSON.parse(readFileSync(join(__dirname, "../../../docs/sealed-vectors.json"), "utf8")) as {
  cases: { name: string }[]
}

test.each(cases.map((one) => [one.name, one] as const))("%s", async (name, one) => {
  expect(await db.value("select penstock._sealed_vectors($1)", [name])).toEqual(one)
})

test("nothing but published names can be asked for, and nobody else may ask", async () => {
  expect(await db.value("select penstock._sealed_vectors('my own key')")).toBeNull()
  const granted = await db.query(
    "select grantee from information_schema.routine_privileges where routine_name = '_sealed_vectors' and grantee like 'penstock%'",
  )
  expect(granted).toEqual([])
})
