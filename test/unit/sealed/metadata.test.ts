import { expect, test } from "@jest/globals"
import fc from "fast-check"
import {
  type Json,
  type JsonObject,
  metadataBytes,
  readMetadata,
  sameJson,
  splitMetadata,
} from "../../../plv8-src/sealed/metadata.ts"

test.each<[string, unknown]>([
  ["an integer beyond 2^53", { n: 2 ** 53 }],
  ["a bigint", { n: 1n }],
  ["NaN", { n: Number.NaN }],
  ["infinity", { list: [Infinity] }],
  ["a NUL", { text: "a\0b" }],
  ["a NUL in a key", { "a\0": 1 }],
  ["a lone surrogate", { text: "\ud800x" }],
  ["undefined", { a: undefined }],
  ["a date", { a: new Date(0) }],
  ["a function", { a: () => 1 }],
  ["an array instead of an object", [1]],
  ["null instead of an object", null],
  ["endless nesting", { a: Array.from({ length: 200 }).reduce<unknown>((inner) => [inner], 1) }],
])("refuses %s", (_, value) => {
  expect(() => metadataBytes(value as JsonObject)).toThrow(expect.objectContaining({ code: "22023" }))
})

const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => {
  try {
    metadataBytes({ value: value as Json })
    return true
  } catch {
    return false
  }
})

test("keeps what it accepts", () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      const metadata = { a: a as Json, b: b as Json, ["__proto__"]: 1 }
      expect(sameJson(readMetadata(metadataBytes(metadata)), metadata)).toBe(true)
      const { plain, secret } = splitMetadata(metadata, new Set(["a"]))
      expect(Object.keys(plain)).toEqual(["a"])
      expect(sameJson({ ...secret, ...plain }, metadata)).toBe(true)
    }),
  )
})

test("the order of keys does not matter, everything else does", () => {
  const base: JsonObject = { a: 1, b: ["x", { c: null }] }
  expect(sameJson(base, { b: ["x", { c: null }], a: 1 })).toBe(true)
  for (const other of [
    { a: 1 },
    { a: 1, b: ["x", { c: null }], d: 0 },
    { a: "1", b: ["x", { c: null }] },
    { a: 1, b: ["x", { c: false }] },
    { a: 1, b: [{ c: null }, "x"] },
    { a: 1, b: { 0: "x", 1: { c: null } } },
    { a: true, b: ["x", { c: null }] },
  ] as JsonObject[]) {
    expect(sameJson(base, other)).toBe(false)
    expect(sameJson(other, base)).toBe(false)
  }
})
