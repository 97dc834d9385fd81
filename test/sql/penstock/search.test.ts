import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
const metrics = ["cosine", "l2", "ip", "l1"] as const
beforeAll(async () => {
  db = await openDatabase()
  for (const metric of metrics) {
    await db.query("select penstock.create_collection($1, 4, $1)", [metric])
    await db.query(
      `select penstock.upsert_many($1, array_agg(i::text), array_agg(array[sin(i), cos(i * 2), sin(i * 3), i / 100.0]::vector))
       from generate_series(1, 200) i`,
      [metric],
    )
  }
})
afterAll(async () => db.close())

const query = [0.3, -0.2, 0.7, 0.5]
const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)
/** The definitions, in double precision. */
const distances = {
  cosine: (a: number[], b: number[]) => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
  l2: (a: number[], b: number[]) => Math.hypot(...a.map((x, i) => x - (b[i] ?? 0))),
  ip: (a: number[], b: number[]) => -dot(a, b),
  l1: (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + Math.abs(x - (b[i] ?? 0)), 0),
}
const similarities = {
  cosine: (distance: number) => 1 - distance,
  l2: (distance: number) => 1 / (1 + distance),
  ip: (distance: number) => -distance,
  l1: (distance: number) => 1 / (1 + distance),
}

describe.each(metrics)("metric %s", (metric) => {
  const vectorOf = (i: number) => [Math.sin(i), Math.cos(i * 2), Math.sin(i * 3), i / 100]
  const expected = Array.from({ length: 200 }, (_, i) => ({
    id: String(i + 1),
    distance: distances[metric](query, vectorOf(i + 1)),
  })).toSorted((a, b) => a.distance - b.distance)

  test.each([false, true])("the nearest come first, with distance and similarity (exact %s)", async (exact) => {
    const rows = await db.query<{ id: string; distance: number; similarity: number }>(
      "select id, distance, similarity from penstock.search($1, $2, 10, exact => $3)",
      [metric, JSON.stringify(query), exact],
    )
    expect(rows.map((row) => row.id)).toEqual(expected.slice(0, 10).map((row) => row.id))
    for (const [i, row] of rows.entries()) {
      expect(row.distance).toBeCloseTo(expected[i]?.distance ?? Number.NaN, 5)
      expect(row.similarity).toBeCloseTo(similarities[metric](row.distance), 9)
    }
  })

  test("threshold is the least similarity", async () => {
    const all = await db.query<{ similarity: number }>("select similarity from penstock.search($1, $2, 200)", [
      metric,
      JSON.stringify(query),
    ])
    expect(all).toHaveLength(200)
    const threshold = all[20]?.similarity
    const rows = await db.query("select similarity from penstock.search($1, $2, 200, threshold => $3)", [
      metric,
      JSON.stringify(query),
      threshold,
    ])
    expect(rows).toEqual(all.slice(0, 21))
  })
})

test("k beyond the table gives the whole table", async () => {
  expect(await db.value("select count(distinct id) from penstock.search('l2', '[1,2,3,4]', 5000)")).toBe(200)
})

test("k of 1001 is not limited by the largest ef_search", async () => {
  await db.query("select penstock.create_collection('many', 2, 'l2')")
  await db.query(
    "select penstock.upsert_many('many', array_agg(i::text), array_agg(array[i, 0]::vector)) from generate_series(1, 1500) i",
  )
  expect(await db.value("select count(distinct id) from penstock.search('many', '[0,0]', 1001)")).toBe(1001)
})

test("search_many answers each query like search", async () => {
  const queries = [query, [1, 1, 1, 1], [-1, 0, 0, 2]]
  const rows = await db.query<{ query: number; id: string }>(
    "select query, id from penstock.search_many('cosine', $1::text::vector[], 5)",
    [`{${queries.map((vector) => `"${JSON.stringify(vector)}"`).join(",")}}`],
  )
  for (const [i, vector] of queries.entries()) {
    const single = await db.query("select id from penstock.search('cosine', $1, 5)", [JSON.stringify(vector)])
    expect(rows.filter((row) => row.query === i + 1).map(({ id }) => ({ id }))).toEqual(single)
  }
})

test("a stored vector without a direction is never a cosine neighbour", async () => {
  await db.exec(`
    create table stale (id text primary key, vector vector(2), metadata jsonb);
    insert into stale values ('zero', '[0,0]', '{}'), ('one', '[1,0]', '{}');
    select penstock.register('stale', 'stale')`)
  expect(await db.query("select id from penstock.search('stale', '[1,1]', 5)")).toEqual([{ id: "one" }])
})

describe("a query that cannot be answered is an error", () => {
  const cases: [string, string, string][] = [
    ["unknown collection", "select * from penstock.search('nothing', '[1,2,3,4]')", "42704"],
    ["no collection", "select * from penstock.search(null, '[1,2,3,4]')", "22004"],
    ["too few dimensions", "select * from penstock.search('l2', '[1,2,3]')", "22023"],
    ["too many dimensions", "select * from penstock.search('l2', '[1,2,3,4,5]')", "22023"],
    ["wrong dimensions, exact", "select * from penstock.search('l2', '[1,2,3]', exact => true)", "22023"],
    ["a zero vector under cosine", "select * from penstock.search('cosine', '[0,0,0,0]')", "22023"],
    ["no query", "select * from penstock.search('l2', null)", "22004"],
    ["NaN", "select * from penstock.search('l2', '[1,2,3,NaN]')", "22000"],
    ["infinity", "select * from penstock.search('l2', '[1,2,3,-Infinity]')", "22000"],
    ["k of zero", "select * from penstock.search('l2', '[1,2,3,4]', 0)", "22023"],
    ["negative k", "select * from penstock.search('l2', '[1,2,3,4]', -1)", "22023"],
    ["no k", "select * from penstock.search('l2', '[1,2,3,4]', null)", "22023"],
    ["ef_search out of range", "select * from penstock.search('l2', '[1,2,3,4]', ef_search => 1001)", "22023"],
    ["a filter that is no object", "select * from penstock.search('l2', '[1,2,3,4]', filter => '[]')", "22023"],
    ["no list of queries", "select * from penstock.search_many('l2', null)", "22004"],
    ["an empty list of queries", "select * from penstock.search_many('l2', '{}')", "22023"],
    ["a NULL among queries", `select * from penstock.search_many('l2', '{"[1,2,3,4]",NULL}')`, "22004"],
    ["a short one among queries", `select * from penstock.search_many('l2', '{"[1,2,3,4]","[1]"}')`, "22023"],
  ]
  test.each(cases)("%s", async (_, sql, code) => {
    expect((await db.error(sql)).code).toBe(code)
  })

  test("message and DETAIL say what was expected, what was got, and where", async () => {
    const { message, detail } = await db.error("select * from penstock.search('l2', '[1,2,3]')")
    expect(message).toBe("expected a query of 4 dimensions, got 3")
    expect(JSON.parse(detail ?? "")).toEqual({ collection: "l2" })
  })
})
