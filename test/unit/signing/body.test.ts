import { expect, test } from "@jest/globals"
import fc from "fast-check"
import { millionths, toBody } from "../../../plv8-src/signing/body.ts"

test.each([
  [0, 0],
  [-0, 0],
  [1, 1_000_000],
  [0.29, 290_000],
  [0.8, 800_000],
  [0.1 + 0.2, 300_000],
  [0.9999999, 999_999],
  [1e-6, 1],
  [1e-7, 0],
  [5e-324, 0],
  [-1e-7, -1],
  [-0.5, -500_000],
  [1.5, 1_500_000],
  [123456.789012345, 123_456_789_012],
])("%p is %p millionths", (value, expected) => {
  expect(millionths(value)).toBe(expected)
})

test("a decimal with six places is that many millionths, a longer one its floor", () => {
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: 1, max: 999 }), (n, rest) => {
      const digits = String(Math.abs(n)).padStart(7, "0")
      const decimal = `${n < 0 ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6)}`
      expect(millionths(Number(decimal))).toBe(n)
      expect(millionths(Number(decimal + String(rest).padStart(3, "0")))).toBe(n < 0 ? n - 1 : n)
    }),
    { numRuns: 3000 },
  )
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e10, -1e300])("%p is refused", (value) => {
  expect(() => millionths(value)).toThrow(expect.objectContaining({ code: "22023" }))
})

test("real quantities change their name, whole or not, at every level", () => {
  expect(
    toBody({
      lambda_cut: 1,
      count: 3,
      ratio: 0.25,
      witness_edges: [{ capacity: 0.45, source: "shard:local" }],
      none: null,
    }),
  ).toEqual({
    lambda_cut_millionths: 1_000_000,
    count: 3,
    ratio_millionths: 250_000,
    witness_edges: [{ capacity_millionths: 450_000, source: "shard:local" }],
    none: null,
  })
})

test("what canonical JSON cannot hold is kept as text, where it stands", () => {
  expect(
    toBody({
      policy: { mode: "observe", custom_actions: [{ "Call Me": 1 }], samples: [0.5] },
      huge: 1e300,
      big: 2 ** 60,
      plain: [1, "x"],
    }),
  ).toEqual({
    policy: { mode: "observe", custom_actions_json: '[{"Call Me":1}]', samples_json: "[0.5]" },
    huge_json: "1e+300",
    big_json: "1152921504606847000",
    plain: [1, "x"],
  })
})

test.each([[null], [[]], ["text"], [1]])("%j is no body", (value) => {
  expect(() => toBody(value)).toThrow(expect.objectContaining({ code: "22023" }))
})
