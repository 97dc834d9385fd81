import { expect, test } from "@jest/globals"
import { sqlFunction, setof, table } from "../../../plv8-src/runtime/define.ts"

// The compiler checks these: an unused @ts-expect-error is itself an error of `tsc`.

const base = {
  schema: "integrity",
  name: "sample",
  volatility: "immutable",
  grant: ["penstock_user"],
  comment: "A sample.",
} as const

test("the SQL types of arguments decide what run receives", () => {
  const definition = sqlFunction({
    ...base,
    args: { a: "int4", b: "int8", c: "bytea", d: "float8[]", e: "plv8_int4array", f: "jsonb", g: "timestamptz" },
    returns: "float8",
    strict: true,
    run: ({ a, b, c, d, e, f, g }) => {
      const typed: [number, bigint, Uint8Array, (number | null)[], Int32Array, unknown, Date] = [a, b, c, d, e, f, g]
      return typed.length
    },
  })
  const c = new Uint8Array()
  expect(definition.run({ a: 1, b: 2n, c, d: [null], e: new Int32Array(), f: {}, g: new Date(0) })).toBe(7)
})

test("arguments may be null unless the function is strict", () => {
  sqlFunction({
    ...base,
    args: { a: "float8" },
    returns: "float8",
    // @ts-expect-error a may be null
    run: ({ a }) => a * 2,
  })
  const strict = sqlFunction({ ...base, args: { a: "float8" }, returns: "float8", strict: true, run: ({ a }) => a * 2 })
  expect(strict.run({ a: 2 })).toBe(4)
})

test("a wrong result does not compile", () => {
  const args = { a: "int4" } as const
  // @ts-expect-error a string is no float8
  sqlFunction({ ...base, args, returns: "float8", run: () => "1" })
  // @ts-expect-error a typed array is no int4[]
  sqlFunction({ ...base, args, returns: "int4[]", run: () => new Int32Array(1) })
  // @ts-expect-error an ordinary array is no typed-array domain
  sqlFunction({ ...base, args, returns: "plv8_int4array", run: () => [1] })
  // @ts-expect-error a column is missing
  sqlFunction({ ...base, args, returns: table({ x: "int4", y: "text" }), run: () => [{ x: 1 }] })
  // @ts-expect-error a column has the wrong type
  sqlFunction({ ...base, args, returns: table({ x: "int4" }), run: () => ({ x: "1" }) })
  // @ts-expect-error a set is an array
  sqlFunction({ ...base, args, returns: setof("text"), run: () => "one" })
  // @ts-expect-error undefined is no value; return null
  sqlFunction({ ...base, args, returns: "text", run: () => undefined })
})

test("an unknown type, argument or role does not compile", () => {
  // @ts-expect-error no such type
  sqlFunction({ ...base, args: { a: "int5" }, returns: "text", run: () => null })
  // @ts-expect-error no such argument
  sqlFunction({ ...base, args: { a: "int4" }, returns: "text", run: ({ b }) => b })
  // @ts-expect-error a default for no argument
  sqlFunction({ ...base, args: { a: "int4" }, defaults: { b: "1" }, returns: "text", run: () => null })
  // @ts-expect-error no such role
  sqlFunction({ ...base, grant: ["public"], args: { a: "int4" }, returns: "text", run: () => null })
})

test("rows may be one object, an array, and hold nulls", () => {
  const one = sqlFunction({
    ...base,
    args: {},
    returns: table({ x: "int4", y: "text" }),
    run: () => ({ x: 1, y: null }),
  })
  const none = sqlFunction({ ...base, args: {}, returns: table({ x: "int4" }), run: () => [] })
  const some = sqlFunction({ ...base, args: {}, returns: setof("float8"), run: () => [1, null] })
  expect([one.run({}), none.run({}), some.run({})]).toEqual([{ x: 1, y: null }, [], [1, null]])
})
