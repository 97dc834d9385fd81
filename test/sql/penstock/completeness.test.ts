import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

/**
 * Fewer than k rows come back only when fewer match. The rows near the query are made to
 * fail the filter, so that an index scan alone would find few or none.
 */
let db: Database
const rowCount = 24_000
const adverse = 12_000
beforeAll(async () => {
  db = await openDatabase()
  for (const [name, index, partitions] of [
    ["by_hnsw", "hnsw", 0],
    ["by_parts", "hnsw", 2],
    ["by_ivfflat", "ivfflat", 0],
  ] as const) {
    await db.query("select penstock.create_collection($1, 2, 'l2', 'none', partitions => $2)", [name, partitions])
    await db.query(
      `insert into ${name} (id, vector, metadata)
       select i, array[sqrt(i) * cos(i), sqrt(i) * sin(i)]::vector,
         jsonb_build_object('far', i > $1, 'last', i > $1 + 11997, 'third', i % 3)
       from generate_series(1, $2::int) i`,
      [adverse, rowCount],
    )
    const options = index === "hnsw" ? ", m => 4, ef_construction => 16" : ""
    await db.query(`select penstock.build_index($1, $2${options})`, [name, index])
    await db.exec(`analyze ${name}`)
  }
})
afterAll(async () => db.close())

const collections = ["by_hnsw", "by_parts", "by_ivfflat"]
const ids = async (collection: string, filter: string, k: number, exact = false) =>
  (
    await db.query<{ id: string }>(
      "select id from penstock.search($1, '[0,0]', $3, filter => $2::text::jsonb, exact => $4)",
      [collection, filter, k, exact],
    )
  ).map((row) => row.id)

test.each(collections)("%s: more rows match than an exact search is for, all of them far away", async (collection) => {
  const found = await ids(collection, `{"far": true}`, 10)
  expect(found).toHaveLength(10)
  for (const id of found) expect(Number(id)).toBeGreaterThan(adverse)
})

test.each(["by_hnsw", "by_parts"])("%s: and these are the nearest of them", async (collection) => {
  const found = await ids(collection, `{"far": true}`, 10)
  const expected = await ids(collection, `{"far": true}`, 10, true)
  expect(found.filter((id) => expected.includes(id)).length).toBeGreaterThanOrEqual(9)
})

test.each(collections)("%s: three rows match, and all three come back", async (collection) => {
  expect(await ids(collection, `{"last": true}`, 10)).toEqual(["23998", "23999", "24000"])
})

test.each(collections)("%s: k is larger than the scan gives by itself", async (collection) => {
  expect(new Set(await ids(collection, `{"third": 0}`, 8000)).size).toBe(8000)
  expect(new Set(await ids(collection, `{"third": 0}`, 9000)).size).toBe(8000)
  expect(new Set(await ids(collection, "{}", 23_000)).size).toBe(23_000)
})

test.each(["by_hnsw", "by_parts"])("%s: the index scan gives up before it has found k rows", async (collection) => {
  await db.exec("set hnsw.max_scan_tuples = 500")
  expect(await ids(collection, `{"far": true}`, 10)).toEqual(await ids(collection, `{"far": true}`, 10, true))
  await db.exec("set hnsw.max_scan_tuples = 13000")
  const found = await ids(collection, `{"far": true}`, 3000)
  expect(new Set(found).size).toBe(3000)
  expect(found).toEqual(await ids(collection, `{"far": true}`, 3000, true))
  await db.exec("reset hnsw.max_scan_tuples")
})

test("rows deleted near the query do not take the place of others", async () => {
  await db.exec("delete from by_hnsw where id::int <= 3000")
  expect(await ids("by_hnsw", "{}", 50)).toHaveLength(50)
})
