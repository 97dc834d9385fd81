import { expect, test } from "@jest/globals"
import { openDatabase } from "../../support/database.ts"

// The test files run on the embedded database and on servers: both hand over the same JavaScript values.

test("SQL values arrive as the same JavaScript values from every backend", async () => {
  const db = await openDatabase({ empty: true })
  try {
    const sql = `select 1::int8 as small, 9007199254740993::int8 as big, array[1::int8, null] as bigs,
      '\\x01ff'::bytea as bytes, array['\\x01'::bytea, null] as many, 1.5::numeric as exact, array[1.5::numeric] as exacts,
      '1 day'::interval as span, array['a'::name] as names, 'pg_class'::regclass as relation,
      array['pg_class'::regclass] as relations, array[1.5::float8, null] as floats, '{"a": [1]}'::jsonb as document,
      timestamptz '2020-01-01 00:00:00Z' as moment, true as yes, null::text as nothing, $1::text[] as texts,
      $2::jsonb as given`
    expect(await db.query(sql, [["a,b", null], { b: 1 }])).toEqual([
      {
        small: 1,
        big: 9007199254740993n,
        bigs: [1, null],
        bytes: new Uint8Array([1, 255]),
        many: [new Uint8Array([1]), null],
        exact: "1.5",
        exacts: ["1.5"],
        span: "1 day",
        names: ["a"],
        relation: "pg_class",
        relations: ["pg_class"],
        floats: [1.5, null],
        document: { a: [1] },
        moment: new Date("2020-01-01T00:00:00Z"),
        yes: true,
        nothing: null,
        texts: ["a,b", null],
        given: { b: 1 },
      },
    ])
    expect(await db.error("select 1 / 0")).toMatchObject({ code: "22012" })
    await expect(db.error("select 1")).rejects.toThrow("expected an SQL error")
  } finally {
    await db.close()
  }
})
