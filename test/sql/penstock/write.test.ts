import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.query("select penstock.create_collection('docs', 3)")
  await db.query("select penstock.create_collection('flat', 3, 'l2', 'none')")
  await db.exec("create table naked (id text primary key, vector vector(3))")
  await db.query("select penstock.register('naked', 'naked', metadata_column => null)")
})
afterAll(async () => db.close())

const rows = () => db.query("select id, vector::text, metadata from docs order by id")

test("upsert inserts, then replaces vector and metadata", async () => {
  await db.query(`select penstock.upsert('docs', 'a', '[1,2,3]', '{"x": 1}')`)
  await db.query(`select penstock.upsert('docs', 'a', '[3,2,1]')`)
  expect(await rows()).toEqual([{ id: "a", vector: "[3,2,1]", metadata: {} }])
})

test("upsert_many takes vectors as text, as drivers send them", async () => {
  const written = await db.value(
    "select penstock.upsert_many('docs', $1::text[], $2::text::vector[], $3::text::jsonb[])",
    [["b", "a"], `{"[1,0,0]","[0,1,0]"}`, `{"{\\"n\\": 1}","{\\"n\\": 2}"}`],
  )
  expect(written).toBe(2)
  expect(await rows()).toEqual([
    { id: "a", vector: "[0,1,0]", metadata: { n: 2 } },
    { id: "b", vector: "[1,0,0]", metadata: { n: 1 } },
  ])
})

test("get answers in the order asked for", async () => {
  expect(await db.query("select id from penstock.get('docs', 'b', 'missing', 'a')")).toEqual([{ id: "b" }, { id: "a" }])
  expect(await db.query("select id from penstock.get('docs', variadic $1::text[])", [["a"]])).toEqual([{ id: "a" }])
  expect(await db.query("select id from penstock.get('docs', variadic '{}')")).toEqual([])
})

test("delete counts what was there", async () => {
  await db.query("select penstock.upsert('docs', 'c', '[1,1,1]')")
  expect(await db.value("select penstock.delete('docs', 'c', 'c', 'd')")).toBe(1)
  expect(await db.value("select penstock.delete('docs', variadic '{}')")).toBe(0)
})

describe("a bad row is refused with its position, and nothing of the batch is written", () => {
  const many = (ids: string, vectors: string, metadata = "null") =>
    `select penstock.upsert_many('docs', ${ids}, ${vectors}, ${metadata})`
  const cases: [string, string, string, RegExp][] = [
    [
      "wrong dimension",
      many("'{x,y,z}'", `'{"[1,2,3]","[1,2]","[1]"}'`),
      "22023",
      /^row 2: expected 3 dimensions, got 2$/,
    ],
    ["zero vector under cosine", many("'{x,y}'", `'{"[1,2,3]","[0,0,0]"}'`), "22023", /^row 2: /],
    ["NULL id", many("'{x,NULL}'", `'{"[1,2,3]","[1,2,3]"}'`), "22004", /^row 2: expected an id/],
    ["NULL vector", many("'{x,y}'", `'{NULL,"[1,2,3]"}'`), "22004", /^row 1: expected a vector/],
    [
      "NULL metadata",
      many("'{x,y}'", `'{"[1,2,3]","[1,2,3]"}'`, `'{"{}",NULL}'`),
      "22004",
      /^row 2: expected metadata/,
    ],
    ["an id twice", many("'{x,y,x}'", `'{"[1,2,3]","[1,2,3]","[1,2,3]"}'`), "21000", /^rows 1 and 3: /],
    ["NaN", many("'{x}'", `'{"[1,NaN,3]"}'`), "22000", /NaN/],
    ["infinity", many("'{x}'", `'{"[1,Infinity,3]"}'`), "22000", /[Ii]nfinit/],
    ["text that is no vector", many("'{x}'", `'{"one"}'`), "22P02", /vector/],
    ["an empty batch", many("'{}'", "'{}'"), "22023", /empty batch/],
    ["NULL lists", many("null", "null"), "22004", /NULL/],
    ["lists of different length", many("'{x,y}'", `'{"[1,2,3]"}'`), "22023", /2 ids, got 1 vectors/],
    [
      "too little metadata",
      many("'{x,y}'", `'{"[1,2,3]","[1,2,3]"}'`, `'{"{}"}'`),
      "22023",
      /got 2 vectors and 1 metadata/,
    ],
    ["nested lists", many("'{{x,y}}'", `'{{"[1,2,3]","[1,2,3]"}}'`), "22023", /nested/],
    ["metadata that is no object", many("'{x}'", `'{"[1,2,3]"}'`, `'{"[1]"}'`), "23514", /metadata_is_an_object/],
    ["an empty id", many("'{\"\"}'", `'{"[1,2,3]"}'`), "23514", /id_of_1_to_1024_bytes/],
    ["an id of 10 kB", many("array[repeat('x', 10240)]", `'{"[1,2,3]"}'`), "23514", /id_of_1_to_1024_bytes/],
  ]
  test.each(cases)("%s", async (_, sql, code, message) => {
    const before = await rows()
    const error = await db.error(sql)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(await rows()).toEqual(before)
  })

  test("DETAIL is JSON with position and id", async () => {
    const { detail } = await db.error(many("'{x,y}'", `'{"[1,2,3]","[1,2]"}'`))
    expect(JSON.parse(detail ?? "")).toEqual({ collection: "docs", position: 2, id: "y" })
  })
})

test("a zero vector is fine where the metric is not cosine", async () => {
  await db.query("select penstock.upsert('flat', 'zero', '[0,0,0]')")
  expect(await db.value("select id from penstock.search('flat', '[0,0,0]', 1)")).toBe("zero")
})

test("a table without a metadata column takes vectors only", async () => {
  await db.query("select penstock.upsert('naked', 'a', '[1,2,3]')")
  expect((await db.error(`select penstock.upsert('naked', 'a', '[1,2,3]', '{"x": 1}')`)).code).toBe("22023")
  expect((await db.error(`select * from penstock.search('naked', '[1,2,3]', filter => '{"x": 1}')`)).code).toBe("22023")
  expect(await db.query("select id, metadata from penstock.get('naked', 'a')")).toEqual([{ id: "a", metadata: null }])
})

test("hostile ids and metadata come back as they were", async () => {
  const hostile = ["'; drop table docs; --", '"', "\\", "a$1", "%I %L", "é😀", "a\nb", "NULL", "{}"]
  await db.query("select penstock.create_collection('hostile', 1)")
  for (const id of hostile) {
    await db.query("select penstock.upsert('hostile', $1, '[1]', jsonb_build_object($1::text, $1::text))", [id])
    expect(await db.query("select id, metadata from penstock.get('hostile', $1)", [id])).toEqual([
      { id, metadata: { [id]: id } },
    ])
    expect(
      await db.query(
        "select id from penstock.search('hostile', '[1]', filter => jsonb_build_object($1::text, $1::text))",
        [id],
      ),
    ).toEqual([{ id }])
    expect(
      await db.query(
        `select id from penstock.search('hostile', '[1]', filter => jsonb_build_object($1::text, '{"$exists": true}'::jsonb))`,
        [id],
      ),
    ).toEqual([{ id }])
  }
  for (const id of hostile) expect(await db.value("select penstock.delete('hostile', $1)", [id])).toBe(1)
})

test("10 MB of metadata is stored, found and given back", async () => {
  await db.query(
    "select penstock.upsert('docs', 'large', '[9,9,9]', jsonb_build_object('kind', 'large', 'body', repeat(md5('x'), 327680)))",
  )
  expect(
    await db.value(
      `select length(metadata ->> 'body') from penstock.search('docs', '[9,9,9]', 1, filter => '{"kind": "large"}')`,
    ),
  ).toBe(10485760)
  expect(await db.value("select penstock.delete('docs', 'large')")).toBe(1)
})

test("half precision says when a number does not fit", async () => {
  await db.query("select penstock.create_collection('halves', 2, 'l2', storage => 'halfvec')")
  expect((await db.error("select penstock.upsert('halves', 'a', '[1,100000]')")).code).toBe("22003")
})
