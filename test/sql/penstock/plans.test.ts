import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.exec("select setseed(0.25)")
  for (const [name, partitions] of [
    ["single", 0],
    ["parts", 3],
  ] as const) {
    await db.query("select penstock.create_collection($1, 8, m => 4, ef_construction => 16, partitions => $2)", [
      name,
      partitions,
    ])
    await db.query(
      `select penstock.upsert_many($1, array_agg(i::text),
         array_agg((select array_agg(random() - 0.5)::vector from generate_series(1, 8) where i = i)),
         array_agg(jsonb_build_object('rare', i % 1000, 'year', 1900 + i % 120, 'half', i % 2, 'text', repeat(md5(i::text), 30))))
       from generate_series(1, 4000) i`,
      [name],
    )
    await db.exec(`analyze ${name}`)
  }
})
afterAll(async () => db.close())

const query = "[0.1,0.2,0.3,-0.1,0,0.4,0.1,0.2]"

/** The plan of the statement that search runs, with the filter and the settings that search uses. */
const plan = async (collection: string, filter: string | null, exact = false): Promise<string> => {
  const statement = await db.value<string>(
    "select penstock._search_statement(c, penstock._condition(c, $2::text::jsonb), $3) from penstock._collection($1) c",
    [collection, filter, exact],
  )
  await db.exec(`prepare the_search(vector, int, float8, text[]) as ${statement}`)
  const rows = await db.query(`explain (costs off) execute the_search('${query}', 10, null, '{}')`)
  await db.exec("deallocate the_search")
  return rows.map((row) => row["QUERY PLAN"]).join("\n")
}

describe("the vector index is used", () => {
  test("on a plain table", async () => {
    expect(await plan("single", null)).toMatch(/Index Scan using single_vector_idx/)
  })

  test("on every partition, merged in order", async () => {
    const text = await plan("parts", null)
    expect(text).toMatch(/Merge Append/)
    expect(text.match(/Index Scan using parts_p\d_vector_idx/g)).toHaveLength(3)
  })

  test("not by an exact search", async () => {
    expect(await plan("single", null, true)).not.toMatch(/vector_idx/)
    expect(await plan("parts", null, true)).not.toMatch(/vector_idx/)
  })
})

describe("a filter can use an index", () => {
  test.each([
    ["equality", `{"rare": 7}`],
    ["$in", `{"rare": {"$in": [7, 8, 9]}}`],
    ["$eq of a list", `{"rare": [7]}`],
    ["$contains", `{"rare": {"$contains": "a"}}`],
    ["$or of equalities", `{"$or": [{"rare": 7}, {"rare": 8}]}`],
    ["equality beside a range", `{"rare": 7, "year": {"$gt": 1950}}`],
    ["a nested key", `{"rare": {"inner": 7}}`],
  ])("%s, by containment", async (_, filter) => {
    for (const collection of ["single", "parts"]) {
      expect(await plan(collection, filter, true)).toMatch(/Bitmap Index Scan on \w+_metadata_idx/)
    }
  })

  test("a range, by an index on the key", async () => {
    await db.exec("create index by_year on single ((metadata -> 'year')); analyze single")
    expect(await plan("single", `{"year": {"$gte": 2018}}`, true)).toMatch(/Index Scan (on|using) by_year/)
    await db.exec("drop index by_year")
  })

  test("$exists, by jsonb_ops", async () => {
    await db.query("select penstock.create_collection('keyed', 8, 'l2', 'none', metadata_index => 'jsonb_ops')")
    await db.query(
      `select penstock.upsert_many('keyed', array_agg(i::text), array_agg('[1,2,3,4,5,6,7,8]'::vector),
         array_agg(jsonb_build_object(case when i % 1000 = 0 then 'odd' else 'even' end, repeat(md5(i::text), 30)))) from generate_series(1, 5000) i`,
    )
    await db.exec("analyze keyed")
    expect(await plan("keyed", `{"odd": {"$exists": true}}`, true)).toMatch(/Bitmap Index Scan on keyed_metadata_idx/)
  })

  test("a partial index, because keys and values are literals", async () => {
    await db.exec(
      `create index of_seven on single (id) where metadata @> '{"rare": 7}'; drop index single_metadata_idx`,
    )
    expect(await plan("single", `{"rare": 7}`, true)).toMatch(/of_seven/)
  })
})

const scans = async (index: string) => {
  await db.query("select pg_stat_force_next_flush()")
  return Number(await db.value("select scans from penstock.index_use where index = $1::regclass", [index]))
}

test.each(["auto", "force_generic_plan", "force_custom_plan"])(
  "search itself scans the vector index under plan_cache_mode %s",
  async (mode) => {
    await db.exec(`set plan_cache_mode = ${mode}`)
    const before = await scans("single_vector_idx")
    for (let i = 0; i < 8; i++) await db.query("select * from penstock.search('single', $1)", [query])
    expect((await scans("single_vector_idx")) - before).toBe(8)
    await db.query("select * from penstock.search('single', $1, exact => true)", [query])
    expect((await scans("single_vector_idx")) - before).toBe(8)
    await db.exec("reset plan_cache_mode")
  },
)

test("a filter that many rows meet leaves the search to the vector index, however few the planner expects", async () => {
  await db.query("select penstock.create_collection('broad', 2, 'l2', m => 4, ef_construction => 16)")
  await db.query(
    `insert into broad (id, vector, metadata)
     select i, array[i, i % 7]::vector, jsonb_build_object('year', 1900 + i % 100) from generate_series(1, 11000) i`,
  )
  await db.exec("analyze broad")
  for (const filter of [`{"year": {"$gte": 1000, "$lte": 3000}}`, `{"$not": {"year": 1}}`]) {
    const before = await scans("broad_vector_idx")
    await db.exec("begin")
    await db.query("select * from penstock.search('broad', '[5000,1]', filter => $1::text::jsonb)", [filter])
    expect(await db.value("select current_setting('enable_sort')")).toBe("on")
    await db.exec("commit")
    expect((await scans("broad_vector_idx")) - before).toBe(1)
  }
  const before = await scans("broad_vector_idx")
  await db.query(`select * from penstock.search('broad', '[5000,1]', filter => '{"year": {"$gte": 1950}}')`)
  expect((await scans("broad_vector_idx")) - before).toBe(0)
})
