import { afterAll, beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import { toHalf } from "../../../client/collections/half.ts"
import { addChecksums, jsonbText, rowChecksum } from "../../../cli/transfer/checksum.ts"
import { vectorSend } from "../../../cli/transfer/copy-format.ts"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

const long = process.env["PENSTOCK_TEST_LONG"] === "1"

test("JSON has here the text that jsonb prints", async () => {
  const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0") && !/\p{Cs}/u.test(value))
  const json = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(
        null,
        true,
        false,
        0,
        -0,
        1e21,
        1.5e-9,
        -1e300,
        5e-324,
        0.1,
        123456789012,
        "\u0001\b\f\u007f\u2028",
      ),
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.array(tie("json"), { maxLength: 4 }),
      fc.dictionary(text, tie("json"), { maxKeys: 5, noNullPrototype: true }),
    ),
  })).json
  await fc.assert(
    fc.asyncProperty(json, async (value) => {
      expect(jsonbText(value)).toBe(await db.value("select $1::text::jsonb::text", [JSON.stringify(value)]))
    }),
    { numRuns: long ? 20_000 : 500 },
  )
}, 600_000)

test("a half-precision vector has here the bytes that pgvector sends", async () => {
  const half = fc.float({ noNaN: true, min: -65_504, max: 65_504 })
  const edges = [
    0, -0, 5.9604645e-8, 6.0975552e-5, 6.103515625e-5, 65_504, 65_519, 2.98e-8, 2.99e-8, 1.00048828125, 1.0009765625,
    2049, 2051,
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(half, fc.constantFrom(...edges)), { minLength: 1, maxLength: 20 }),
      async (values) => {
        const vector = Float32Array.from(values)
        const sent = await db.value<Uint8Array>("select halfvec_send($1::text::vector::halfvec)", [
          `[${values.map((value) => (Object.is(value, -0) ? "-0" : String(Math.fround(value)))).join(",")}]`,
        ])
        expect(Buffer.from(sent).toString("hex")).toBe(vectorSend(vector, "halfvec").toString("hex"))
      },
    ),
    { numRuns: long ? 20_000 : 300 },
  )
}, 600_000)

test("what half precision cannot hold is 22003 on both sides", async () => {
  expect(await db.error("select '[65520]'::vector::halfvec")).toMatchObject({ code: "22003" })
  expect(() => toHalf(65_520)).toThrow(expect.objectContaining({ code: "22003" }))
})

test("the sum over rows is the one of the server, whatever their order, for each storage and a filter", async () => {
  for (const storage of ["vector", "halfvec"] as const) {
    const name = `in_${storage}`
    await db.query("select penstock.create_collection($1, 3, 'l2', 'none', storage => $2)", [name, storage])
    let expected = 0n
    for (let i = 0; i < 50; i++) {
      const vector = Float32Array.from([Math.sin(i), i / 7, -i])
      const metadata = { third: i % 3, ä: "ö" }
      await db.query("select penstock.upsert($1, $2, $3::text::vector, $4::text::jsonb)", [
        name,
        `é${i}`,
        `[${vector.join(",")}]`,
        JSON.stringify(metadata),
      ])
      if (i % 3 === 1)
        expected = addChecksums(expected, rowChecksum(`é${i}`, vectorSend(vector, storage), jsonbText(metadata)))
    }
    const [row] = await db.query<{ row_count: number; checksum: string }>(
      `select row_count, checksum::text from penstock.checksum($1, '{"third": 1}')`,
      [name],
    )
    expect(row).toEqual({ row_count: 17, checksum: String(expected) })
  }
  await db.query("update in_vector set metadata = '{}' where id = 'é1'")
  const [changed] = await db.query<{ checksum: string }>("select checksum::text from penstock.checksum('in_vector')")
  const [same] = await db.query<{ checksum: string }>("select checksum::text from penstock.checksum('in_halfvec')")
  expect(changed).not.toEqual(same)
})

test("an empty collection has the sum 0", async () => {
  await db.query("select penstock.create_collection('empty', 3)")
  expect(await db.query("select row_count, checksum::text from penstock.checksum('empty')")).toEqual([
    { row_count: 0, checksum: "0" },
  ])
})

test("imports of others are not seen, and cannot be noted", async () => {
  await db.query("select penstock.begin_import('empty', 'abc')")
  expect(await db.error("select penstock.note_import(-1, 1, 1, 0, 0)")).toMatchObject({ code: "42704" })
  expect(await db.error("select penstock.begin_import('empty', '')")).toMatchObject({ code: "22023" })
  expect(await db.error("select penstock.end_import(null)")).toMatchObject({ code: "42704" })
})
