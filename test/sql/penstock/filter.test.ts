import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
const long = process.env.PENSTOCK_TEST_LONG === "1"

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const scalar = fc.oneof(
  fc.constantFrom<Json>(null, true, false, "a", "b", "c", "it's", '"', "\\", "$1", "%L"),
  fc.integer({ min: -3, max: 3 }),
)
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
)
const keys = ["x", "y'", 'z"', "deep"]
const metadata: fc.Arbitrary<Json> = fc.dictionary(
  fc.constantFrom(...keys),
  fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.dictionary(fc.constantFrom("x", "y'"), value) }),
  { maxKeys: 3 },
)

const rowCount = 80
let rows: Json[]

beforeAll(async () => {
  db = await openDatabase()
  rows = fc.sample(metadata, rowCount)
  await db.query("select penstock.create_collection('docs', 1, 'l2')")
  await db.query(
    `select penstock.upsert_many('docs', array_agg(n::text), array_agg('[1]'::vector), array_agg(m order by n))
     from jsonb_array_elements($1::text::jsonb) with ordinality as e(m, n)`,
    [JSON.stringify(rows)],
  )
})
afterAll(async () => db.close())

const isObject = (x: Json | undefined): x is { [key: string]: Json } =>
  typeof x === "object" && x !== null && !Array.isArray(x)

const equal = (a: Json | undefined, b: Json): boolean => {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => equal(x, b[i] as Json))
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a)
    return names.length === Object.keys(b).length && names.every((name) => name in b && equal(a[name], b[name] as Json))
  }
  return a === b
}

/** What the documentation says a filter means. `present` is false where the path leads nowhere. */
const matches = (filter: { [key: string]: Json }, at: Json | undefined): boolean =>
  Object.entries(filter).every(([key, wanted]) => {
    if (key === "$and") return (wanted as { [key: string]: Json }[]).every((f) => matches(f, at))
    if (key === "$or") return (wanted as { [key: string]: Json }[]).some((f) => matches(f, at))
    if (key === "$not") return !matches(wanted as { [key: string]: Json }, at)
    if (key === "$eq") return equal(at, wanted)
    if (key === "$ne") return !equal(at, wanted)
    if (key === "$in") return (wanted as Json[]).some((w) => equal(at, w))
    if (key === "$exists") return (at !== undefined) === wanted
    if (key === "$contains") {
      const all = Array.isArray(wanted) ? wanted : [wanted]
      return Array.isArray(at) && all.every((w) => at.some((x) => equal(x, w)))
    }
    if (key.startsWith("$")) {
      if (typeof at !== typeof wanted || at === null || at === undefined || wanted === null) return false
      if (key === "$gt") return at > wanted
      if (key === "$gte") return at >= wanted
      if (key === "$lt") return at < wanted
      return at <= wanted
    }
    const inner = isObject(at) && key in at ? at[key] : undefined
    return isObject(wanted) && Object.keys(wanted).length > 0 ? matches(wanted, inner) : equal(inner, wanted)
  })

const range = fc
  .tuple(
    fc.constantFrom("$gt", "$gte", "$lt", "$lte"),
    fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom("a", "b", "c")),
  )
  .map(([operator, bound]) => ({ [operator]: bound }))
const operators: fc.Arbitrary<{ [key: string]: Json }> = fc.oneof(
  range,
  fc.record({ $eq: value }),
  fc.record({ $ne: value }),
  fc.record({ $in: fc.array(scalar, { maxLength: 4 }) }),
  fc.record({ $exists: fc.boolean() }),
  fc.record({ $contains: fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })) }),
  fc.record({ $not: range }),
)
const { filter } = fc.letrec<{ filter: { [key: string]: Json }; condition: { [key: string]: Json } }>((tie) => ({
  condition: fc
    .tuple(
      fc.constantFrom(...keys),
      fc.oneof(
        value,
        operators,
        fc.tuple(fc.constantFrom("x", "y'"), fc.oneof(value, operators)).map(([k, v]) => ({ [k]: v })),
      ),
    )
    .map(([key, wanted]) => ({ [key]: wanted })),
  filter: fc.oneof(
    { depthSize: "small" },
    { weight: 4, arbitrary: tie("condition") },
    fc.record({ $and: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ $or: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ $not: tie("filter") }),
    fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => Object.assign({}, a, b)),
  ),
}))

test("a filter selects what its definition selects", async () => {
  await fc.assert(
    fc.asyncProperty(filter, async (wanted) => {
      const found = await db.query<{ id: string }>(
        "select id from penstock.search('docs', '[1]', $2, filter => $1::text::jsonb) order by id::int",
        [JSON.stringify(wanted), rowCount],
      )
      const expected = rows.flatMap((row, i) => (matches(wanted, row) ? [String(i + 1)] : []))
      expect(found.map((row) => row.id)).toEqual(expected)
    }),
    { numRuns: long ? 20_000 : 400 },
  )
})

test("any JSON object is a filter or a clear error, and changes nothing", async () => {
  const anyFilter = fc.dictionary(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("$and", "$or", "$not", "$in", "$gt", "$exists", "$eq", "$where", "$"),
    ),
    fc.jsonValue() as fc.Arbitrary<Json>,
  )
  await fc.assert(
    fc.asyncProperty(anyFilter, async (hostile) => {
      const text = JSON.stringify(hostile)
      const found = await db.query("select penstock.count('docs', $1::text::jsonb)", [text]).catch((error: unknown) => {
        /* 22P05: \u0000, 22P02: a lone surrogate; jsonb refuses both before any function runs. */
        expect(["22023", "22P05", "22P02"]).toContain((error as { code: string }).code)
      })
      if (found !== undefined && Object.keys(hostile).length > 0) expect(found).toHaveLength(1)
    }),
    { numRuns: long ? 20_000 : 300 },
  )
  expect(await db.value("select penstock.count('docs')")).toBe(rowCount)
})

describe("a filter that means nothing is refused", () => {
  const cases: [string, string][] = [
    ["an unknown operator", `{"x": {"$regex": "a"}}`],
    ["an operator without a key", `{"$gt": 1}`],
    ["$gt of a boolean", `{"x": {"$gt": true}}`],
    ["$lt of null", `{"x": {"$lt": null}}`],
    ["$in without a list", `{"x": {"$in": 1}}`],
    ["$in of objects", `{"x": {"$in": [{"a": 1}]}}`],
    ["$in of lists", `{"x": {"$in": [[1]]}}`],
    ["$exists of a number", `{"x": {"$exists": 1}}`],
    ["$and without a list", `{"$and": {"x": 1}}`],
    ["$or of nothing", `{"$or": []}`],
    ["$or of a number", `{"$or": [1]}`],
    ["$not of a list", `{"$not": []}`],
    ["a list", `[]`],
    ["a string", `"x"`],
    ["JSON null", `null`],
    ["40 levels", `${'{"$not": '.repeat(40)}{"x": 1}${"}".repeat(40)}`],
  ]
  test.each(cases)("%s", async (_, text) => {
    const { code } = await db.error("select * from penstock.search('docs', '[1]', filter => $1::text::jsonb)", [text])
    expect(code).toBe("22023")
  })

  test("the HINT of an unknown operator lists the known ones", async () => {
    const { code, hint } = await db.error(`select penstock.count('docs', '{"x": {"$near": 1}}')`)
    expect(code).toBe("22023")
    for (const name of [
      "$eq",
      "$ne",
      "$in",
      "$gt",
      "$gte",
      "$lt",
      "$lte",
      "$exists",
      "$contains",
      "$and",
      "$or",
      "$not",
    ]) {
      expect(hint).toContain(name)
    }
  })
})

test("no filter and the empty filter are the same", async () => {
  expect(await db.value("select penstock.count('docs', '{}')")).toBe(rowCount)
  expect(await db.value("select penstock.count('docs', null)")).toBe(rowCount)
})

test("a list of 10,000 values", async () => {
  const wanted = JSON.stringify({ x: { $in: Array.from({ length: 10_000 }, (_, i) => `value ${i}`) } })
  expect(await db.value("select penstock.count('docs', $1::text::jsonb)", [wanted])).toBe(0)
})
