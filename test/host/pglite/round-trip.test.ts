import { afterAll, beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openPglite } from "./database.ts"

const numRuns = process.env["PENSTOCK_TEST_LONG"] === "1" ? 10_000 : 150

let db: Database
beforeAll(async () => {
  db = await openPglite()
})
afterAll(() => db.close())

/** PostgreSQL's text and JSON have no NUL. */
const text = fc.string({ unit: "binary" }).map((s) => s.replaceAll("\0", ""))
/** JSON's null by itself is left out: null in JavaScript is NULL in SQL. */
const json = fc
  .jsonValue({ stringUnit: "binary" })
  .map((value) => JSON.stringify(value).replaceAll("\\u0000", ""))
  .filter((serialized) => serialized !== "null")

/** What the server itself makes of the literal is what has to come back through JavaScript. */
const cases: Record<string, fc.Arbitrary<string | null>> = {
  int2: fc.integer({ min: -32_768, max: 32_767 }).map(String),
  int4: fc.integer().map(String),
  int8: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  float4: fc.float().map(String),
  float8: fc.double().map(String),
  bool: fc.boolean().map(String),
  text,
  bytea: fc.uint8Array().map((bytes) => `\\x${Buffer.from(bytes).toString("hex")}`),
  jsonb: json,
  date: fc
    .date({ min: new Date(-62_135_596_800_000), max: new Date(253_402_300_799_000), noInvalidDate: true })
    .map((d) => d.toISOString().slice(0, 10)),
  timestamptz: fc
    .date({ min: new Date(-62_135_596_800_000), max: new Date(253_402_300_799_000), noInvalidDate: true })
    .map((d) => d.toISOString()),
  "int4[]": fc.array(fc.option(fc.integer())).map(literal),
  "int8[]": fc.array(fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))).map(literal),
  "float4[]": fc.array(fc.option(fc.float())).map(literal),
  "float8[]": fc.array(fc.option(fc.double())).map(literal),
  "bool[]": fc.array(fc.option(fc.boolean())).map(literal),
  "text[]": fc.array(fc.option(text)).map(literal),
  "bytea[]": fc
    .array(fc.option(fc.uint8Array({ maxLength: 5 })))
    .map((items) =>
      literal(items.map((bytes) => (bytes === null ? null : `\\x${Buffer.from(bytes).toString("hex")}`))),
    ),
  "int4[][]": fc
    .array(fc.tuple(fc.integer(), fc.integer()), { minLength: 1 })
    .map((rows) => `{${rows.map(literal).join(",")}}`),
  plv8_int4array: fc.array(fc.integer()).map(literal),
  plv8_float4array: fc.array(fc.float()).map(literal),
  plv8_float8array: fc.array(fc.double()).map(literal),
}

function literal(items: readonly unknown[]): string {
  const element = (item: unknown) =>
    typeof item === "string" ? `"${item.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : String(item)
  return `{${items.map((item) => (item === null ? "NULL" : element(item))).join(",")}}`
}

test.each(Object.keys(cases))("%s comes back as it was", async (type) => {
  const name = `same_${type.replaceAll(/\W/g, "_")}`
  await db.exec(`create function ${name}(v ${type}) returns ${type} language plv8 as 'return v'`)
  const through = `select ${name}($1::text::${type})::text as v`
  const parameter = `select $1::text::${type}::text as v`
  await db.exec(`
    create function ${name}_sql(t text) returns text language plv8 as $$
      const [r] = plv8.execute('select $1::text::${type} as v', [t])
      return plv8.execute('select ($1::${type})::text as v', [r.v])[0].v $$`)
  await fc.assert(
    fc.asyncProperty(cases[type] as fc.Arbitrary<string>, async (value) => {
      const expected = await db.value(parameter, [value])
      expect(await db.value(through, [value])).toBe(expected)
      expect(await db.value(`select ${name}_sql($1)`, [value])).toBe(expected)
    }),
    { numRuns },
  )
})

test("a row of many columns comes back as it was", async () => {
  await db.exec(`
    create type wide as (a int, b text, c jsonb, d float8[], e bytea, f int8, g bool, h timestamptz);
    create function same_wide(v wide) returns wide language plv8 as 'return v'`)
  const row = fc.tuple(
    fc.option(fc.integer()),
    fc.option(text),
    fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    fc.option(fc.boolean()),
  )
  await fc.assert(
    fc.asyncProperty(row, async ([a, b, f, g]) => {
      const made = `row($1::int, $2::text, '{"k": [1, null]}', '{1.5,NULL}', '\\x00ff', $3::text::int8, $4::bool, 'epoch')::wide`
      const parameters = [a, b, f === null ? null : String(f), g]
      expect(await db.value(`select same_wide(${made})::text`, parameters)).toBe(
        await db.value(`select (${made})::text`, parameters),
      )
    }),
    { numRuns },
  )
})
