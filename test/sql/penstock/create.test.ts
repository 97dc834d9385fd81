import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

const columnType = (table: string) =>
  db.value<string>(
    "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = $1::regclass and attname = 'vector'",
    [table],
  )

const indexDefinitions = async (table: string) =>
  (await db.query<{ indexdef: string }>("select indexdef from pg_indexes where tablename = $1", [table]))
    .map((row) => row.indexdef)
    .join("\n")

describe("create_collection makes the table that the dimensions ask for", () => {
  test.each([
    [384, "vector(384)"],
    [768, "vector(768)"],
    [1536, "vector(1536)"],
    [2000, "vector(2000)"],
    [2001, "halfvec(2001)"],
    [3072, "halfvec(3072)"],
  ])("%d dimensions", async (dimensions, type) => {
    await db.query("select penstock.create_collection($1, $2)", [`d${dimensions}`, dimensions])
    expect(await columnType(`d${dimensions}`)).toMatch(new RegExp(`${type.replace(/[()]/g, "\\$&")}$`))
    const vectors = `select array_agg(sin(i * j))::vector from generate_series(1, ${dimensions}) j`
    await db.query(
      `select penstock.upsert_many($1, array_agg('id' || i), array_agg((${vectors}))) from generate_series(1, 20) i`,
      [`d${dimensions}`],
    )
    const nearest = await db.query(
      `select s.id, s.similarity from penstock.search($1, (select v."vector" from penstock.get($1, 'id7') v), 1) s`,
      [`d${dimensions}`],
    )
    expect(nearest[0]?.id).toBe("id7")
    expect(nearest[0]?.similarity).toBeCloseTo(1, 3)
  })
})

test("storage halfvec can be chosen for few dimensions", async () => {
  await db.query("select penstock.create_collection('halves', 8, storage => 'halfvec')")
  expect(await columnType("halves")).toMatch(/halfvec\(8\)$/)
  expect(await indexDefinitions("halves")).toMatch(/halfvec_cosine_ops/)
})

test.each([
  ["cosine", "vector_cosine_ops"],
  ["l2", "vector_l2_ops"],
  ["ip", "vector_ip_ops"],
  ["l1", "vector_l1_ops"],
])("metric %s gets operator class %s", async (metric, operatorClass) => {
  await db.query("select penstock.create_collection($1, 4, $2, m => 8, ef_construction => 32)", [`m_${metric}`, metric])
  const definitions = await indexDefinitions(`m_${metric}`)
  expect(definitions).toContain(operatorClass)
  expect(definitions).toMatch(/m='?8'?, ef_construction='?32'?/)
})

test("index none makes no vector index", async () => {
  await db.query("select penstock.create_collection('plain', 4, index => 'none', metadata_index => 'none')")
  expect(await indexDefinitions("plain")).not.toMatch(/hnsw|ivfflat|gin/)
})

test("partitions are hash partitions by id, each with its indexes", async () => {
  await db.query("select penstock.create_collection('parts', 4, partitions => 3)")
  expect(await db.value("select count(*) from pg_partition_tree('parts') where isleaf")).toBe(3)
  await db.query(
    "select penstock.upsert_many('parts', array_agg(i::text), array_agg(array[i, 1, 2, 3]::vector)) from generate_series(1, 90) i",
  )
  expect(await db.value("select count(distinct tableoid) from parts")).toBe(3)
  for (const leaf of ["parts_p0", "parts_p1", "parts_p2"]) {
    expect(await indexDefinitions(leaf)).toMatch(/hnsw.*vector_cosine_ops/)
  }
  expect(await db.value("select partitioned from penstock.collections where name = 'parts'")).toBe(true)
})

test("schema and table can be chosen", async () => {
  await db.exec("create schema shop")
  await db.query(
    "select penstock.create_collection('things', 4, table_schema => 'shop', table_name => 'thing vectors')",
  )
  expect(await db.value(`select count(*) from shop."thing vectors"`)).toBe(0)
  expect(await db.value(`select "table"::text from penstock.collections where name = 'things'`)).toBe(
    'shop."thing vectors"',
  )
})

test("without table_schema the caller's first schema is used", async () => {
  await db.exec("create schema first; set search_path = first, public")
  await db.query("select penstock.create_collection('inside', 4)")
  await db.exec("reset search_path")
  expect(await db.value("select count(*) from first.inside")).toBe(0)
})

test("nothing remains of a creation that fails", async () => {
  const { code } = await db.error("select penstock.create_collection('half_made', 4, m => 1)")
  expect(code).toBe("22023")
  expect(await db.value("select to_regclass('half_made')")).toBeNull()
  expect(await db.value("select count(*) from penstock.collections where name = 'half_made'")).toBe(0)
})

describe("what cannot be created is refused", () => {
  const cases: [string, string, string][] = [
    ["no name", "select penstock.create_collection(null, 3)", "22004"],
    ["an empty name", "select penstock.create_collection('', 3)", "42602"],
    ["a name with a quote", `select penstock.create_collection('a"b', 3)`, "42602"],
    ["a name that is SQL", "select penstock.create_collection('x; drop table y', 3)", "42602"],
    ["a name of 64 letters", "select penstock.create_collection(repeat('a', 64), 3)", "42602"],
    [
      "no room for the partition suffix",
      "select penstock.create_collection(repeat('b', 62), 3, partitions => 2)",
      "42622",
    ],
    ["zero dimensions", "select penstock.create_collection('x', 0)", "22023"],
    ["no dimensions", "select penstock.create_collection('x', null)", "22023"],
    ["too many dimensions for a type", "select penstock.create_collection('x', 16001, index => 'none')", "22023"],
    ["too many dimensions for an index", "select penstock.create_collection('x', 4001)", "22023"],
    ["vector above 2000 with an index", "select penstock.create_collection('x', 2001, storage => 'vector')", "22023"],
    ["an unknown metric", "select penstock.create_collection('x', 3, 'hamming')", "22023"],
    ["an unknown index", "select penstock.create_collection('x', 3, index => 'diskann')", "22023"],
    ["an unknown storage", "select penstock.create_collection('x', 3, storage => 'sparsevec')", "22023"],
    ["an unknown metadata index", "select penstock.create_collection('x', 3, metadata_index => 'btree')", "22023"],
    ["l1 with IVFFlat", "select penstock.create_collection('x', 3, 'l1', 'ivfflat')", "22023"],
    ["negative partitions", "select penstock.create_collection('x', 3, partitions => -1)", "22023"],
    ["a schema that is not there", "select penstock.create_collection('x', 3, table_schema => 'nowhere')", "3F000"],
    ["a table that is there", "select penstock.create_collection('x', 3, table_name => 'taken')", "42P07"],
  ]
  beforeAll(async () => db.exec("create table taken (id text)"))
  test.each(cases)("%s", async (_, sql, code) => {
    expect((await db.error(sql)).code).toBe(code)
  })

  test("a name that is taken, with the way out", async () => {
    await db.query("select penstock.create_collection('twice', 3)")
    const { code, hint } = await db.error("select penstock.create_collection('twice', 3)")
    expect(code).toBe("42710")
    expect(hint).toContain("drop_collection")
  })
})

test("a vector above 4000 dimensions works without an index", async () => {
  await db.query("select penstock.create_collection('wide', 5000, index => 'none')")
  await db.query("select penstock.upsert('wide', 'a', array_agg(i)::vector) from generate_series(1, 5000) i")
  expect(
    await db.value(`select id from penstock.search('wide', (select g."vector" from penstock.get('wide', 'a') g))`),
  ).toBe("a")
})
