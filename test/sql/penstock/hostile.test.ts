import { afterAll, beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openDatabase } from "../../support/database.ts"

/**
 * Every function of the API with arguments that mean harm or nothing. A call succeeds or
 * fails with a SQLSTATE that is not an internal error, and what was stored stays.
 */
let db: Database
const long = process.env["PENSTOCK_TEST_LONG"] === "1"
beforeAll(async () => {
  db = await openDatabase()
  await db.query("select penstock.create_collection('docs', 2)")
  await db.query(`select penstock.upsert_many('docs', '{a,b}', '{"[1,2]","[2,1]"}')`)
})
afterAll(async () => db.close())

const text = fc.oneof(
  fc.constantFrom(
    "docs",
    "a",
    "",
    " ",
    "'",
    '"',
    "'; drop table docs; --",
    "$1",
    "%I",
    "\\",
    "../x",
    "pg_class",
    "{}",
    "null",
  ),
  fc.string({ unit: "grapheme", maxLength: 80 }),
)
const literal = (value: string | null) =>
  value === null ? "null" : `'${value.replaceAll("\0", "").replaceAll("'", "''")}'`
const texts = fc.option(text, { freq: 8 }).map(literal)
/** Mostly a collection that is there: else every call would end at its name. */
const names = fc.oneof({ weight: 6, arbitrary: fc.constant("'docs'") }, { weight: 1, arbitrary: texts })
const integers = fc
  .option(fc.oneof(fc.constantFrom(0, 1, -1, 2147483647, -2147483648), fc.integer({ min: -5, max: 2000 })), { freq: 8 })
  .map(String)
const floats = fc
  .option(fc.oneof(fc.double(), fc.constantFrom(0, 1, -1)), { freq: 4 })
  .map((x) => (x === null ? "null" : `'${x}'`))
const vectorText = fc
  .array(
    fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.constantFrom("NaN", "Infinity", "1", "0", "x"),
    ),
    { maxLength: 4 },
  )
  .map((numbers) => `[${numbers.join(",")}]`)
const vectors = fc
  .oneof({ weight: 3, arbitrary: fc.constantFrom("[1,2]", "[0,0]") }, vectorText)
  .map((v) => `'${v}'::vector`)
const json = fc
  .oneof(fc.constantFrom("null", "'null'", "'{}'", "'[]'", "'1'"), fc.json({ maxDepth: 3 }).map(literal))
  .map((j) => `${j}::jsonb`)
const arrays = (of: fc.Arbitrary<string>, type: string) =>
  fc.oneof(
    fc.constant(`null::${type}`),
    fc.array(of, { maxLength: 3 }).map((items) => `array[${items.join(",")}]::${type}`),
  )
const booleans = fc.constantFrom("true", "false", "null")

const calls = fc.oneof(
  fc
    .tuple(texts, integers, texts, texts, integers, integers, integers, texts, integers)
    .map((a) => `create_collection(${a.join(",")})`),
  fc
    .tuple(
      texts,
      fc.constantFrom("'docs'", "'pg_class'", "'nowhere'", "0", "null"),
      texts,
      texts,
      texts,
      texts,
      integers,
    )
    .map((a) => `register(${a.join(",")})`),
  names.map((a) => `unregister(${a})`),
  names.map((a) => `drop_collection(${a})`),
  fc.tuple(names, texts, integers, integers, integers).map((a) => `build_index(${a.join(",")})`),
  fc.tuple(names, integers, integers).map((a) => `set_search_defaults(${a.join(",")})`),
  fc.tuple(names, texts, vectors, json).map((a) => `upsert(${a.join(",")})`),
  fc
    .tuple(names, arrays(texts, "text[]"), arrays(vectors, "vector[]"), arrays(json, "jsonb[]"))
    .map((a) => `upsert_many(${a.join(",")})`),
  fc.tuple(names, vectors, integers, floats, json, integers, integers, booleans).map((a) => `search(${a.join(",")})`),
  fc
    .tuple(names, arrays(vectors, "vector[]"), integers, floats, json, integers, integers, booleans)
    .map((a) => `search_many(${a.join(",")})`),
  fc.tuple(names, arrays(texts, "text[]")).map(([a, b]) => `get(${a}, variadic ${b})`),
  fc.tuple(names, arrays(fc.constant("'never'"), "text[]")).map(([a, b]) => `delete(${a}, variadic ${b})`),
  fc.tuple(names, json).map((a) => `count(${a.join(",")})`),
  names.map((a) => `stats(${a})`),
  fc
    .tuple(names, fc.integer({ min: -1, max: 5 }), fc.integer({ min: -1, max: 5 }), integers, integers)
    .map((a) => `recall(${a.join(",")})`),
)

test("no call crashes, corrupts or fails without a SQLSTATE", async () => {
  /* Internal errors, and syntax errors: those would come from SQL text of ours. */
  const internal = /^(XX|58|F0|42601)/
  await fc.assert(
    fc.asyncProperty(calls, async (call) => {
      await db.exec("begin")
      const failure = await db.query(`select * from penstock.${call}`).then(
        () => undefined,
        (error: unknown) => error as { code?: string; message: string },
      )
      await db.exec("rollback")
      if (failure === undefined) return
      expect([call, failure.code, failure.message]).toEqual([
        call,
        expect.stringMatching(/^[0-9A-Z]{5}$/),
        expect.any(String),
      ])
      expect([call, failure.code]).not.toEqual([call, expect.stringMatching(internal)])
    }),
    { numRuns: long ? 20_000 : 600 },
  )
  expect(await db.query("select id, vector::text, metadata from docs order by id")).toEqual([
    { id: "a", vector: "[1,2]", metadata: {} },
    { id: "b", vector: "[2,1]", metadata: {} },
  ])
  expect(await db.value("select count(*) from penstock.collections")).toBe(1)
}, 600_000)
