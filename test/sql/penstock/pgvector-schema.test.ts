import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { install } from "../../support/template.ts"

/** pgvector does not always live in public, and a caller may have no search_path to it. */
let db: Database
beforeAll(async () => {
  db = await openDatabase({ empty: true })
  await db.exec(`create schema "Vec tors"; create extension vector schema "Vec tors"; set search_path = ''`)
  await install((sql) => db.exec(sql))
  await db.exec("set search_path = ''")
})
afterAll(async () => db.close())

test.each([
  ["cosine", "hnsw", "vector"],
  ["l1", "hnsw", "halfvec"],
  ["l2", "ivfflat", "vector"],
  ["ip", "ivfflat", "halfvec"],
])("metric %s, index %s, storage %s", async (metric, index, storage) => {
  await db.query("select penstock.create_collection('docs', 2, $1, $2, storage => $3, table_schema => 'public')", [
    metric,
    index,
    storage,
  ])
  await db.query("select penstock.upsert('docs', 'a', '[1,2]')")
  await db.query(`select penstock.upsert_many('docs', '{b,c}', '{"[2,1]","[3,1]"}')`)
  if (index === "ivfflat") await db.query("select penstock.build_index('docs')")
  expect(await db.value("select count(*) from penstock.search('docs', '[1,2]', 2)")).toBe(2)
  expect(
    await db.value("select count(*) from penstock.search_many('docs', '{\"[1,2]\",\"[2,1]\"}', 1, exact => true)"),
  ).toBe(2)
  expect(await db.value(`select g."vector"::text from penstock.get('docs', 'c') g`)).toBe("[3,1]")
  expect(await db.value("select penstock.recall('docs')")).toBeGreaterThan(0)
  expect((await db.error("select * from penstock.search('docs', '[1]')")).code).toBe("22023")
  expect((await db.error("select penstock.upsert('docs', 'd', '[1]')")).code).toBe("22023")
  await db.query("select penstock.unregister('docs')")
  await db.query("select penstock.register('docs', 'public.docs')")
  expect(await db.value("select metric from penstock.collections")).toBe(metric)
  await db.query("select penstock.unregister('docs')")
  await db.exec("drop table public.docs")
})
