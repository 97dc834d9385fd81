import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.query("select penstock.create_collection('docs', 16, 'l2', m => 4, ef_construction => 8)")
  await db.query(
    `select penstock.upsert_many('docs', array_agg(i::text),
       array_agg((select array_agg(random())::vector from generate_series(1, 16) where i = i)))
     from generate_series(1, 3000) i`,
  )
  await db.exec("analyze docs")
})
afterAll(async () => db.close())

const recall = (options: string) => db.value<number>(`select penstock.recall('docs', 10, 40, ${options})`)

test("a wide search over the index finds nearly all", async () => {
  expect(await recall("ef_search => 1000")).toBeGreaterThan(0.95)
})

test("a narrow search over a weak index finds less, and recall says so", async () => {
  const narrow = await recall("ef_search => 1")
  expect(narrow).toBeGreaterThan(0)
  expect(narrow).toBeLessThan(await recall("ef_search => 1000"))
})

test("without an index every search is exact", async () => {
  await db.query("select penstock.create_collection('exact', 2, 'ip', 'none')")
  await db.query(
    "select penstock.upsert_many('exact', array_agg(i::text), array_agg(array[i, 1]::vector)) from generate_series(1, 100) i",
  )
  expect(await db.value("select penstock.recall('exact')")).toBe(1)
})

test("equal distances count whichever row comes back", async () => {
  await db.query("select penstock.create_collection('ties', 2)")
  await db.query(
    "select penstock.upsert_many('ties', array_agg(i::text), array_agg('[1,1]'::vector)) from generate_series(1, 300) i",
  )
  expect(await db.value("select penstock.recall('ties')")).toBe(1)
})

test("an empty collection has none", async () => {
  await db.query("select penstock.create_collection('empty', 2)")
  expect(await db.value("select penstock.recall('empty')")).toBeNull()
})

test.each(["0, 10", "10, 0", "null, 10", "10, null"])("k and sample of %s are refused", async (values) => {
  expect((await db.error(`select penstock.recall('docs', ${values})`)).code).toBe("22023")
})
