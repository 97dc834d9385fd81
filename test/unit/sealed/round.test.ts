import { expect, test } from "@jest/globals"
import fc from "fast-check"
import { roundToken } from "../../../plv8-src/sealed/token.ts"
import { halfToNumber } from "../../../plv8-src/sealed/round.ts"
import { half, single } from "./oracle.ts"

/** Doubles of every magnitude near the range of the type, halfway cases and their neighbours among them. */
const near = (precision: number, minimumExponent: number, maximumExponent: number) =>
  fc
    .tuple(
      fc.integer({ min: minimumExponent - precision - 3, max: maximumExponent + 1 }),
      fc.bigInt({ min: 0n, max: (1n << BigInt(precision)) - 1n }),
      fc.constantFrom(0n, 1n, -1n, 1n << BigInt(51 - precision), -(1n << BigInt(51 - precision))),
      fc.boolean(),
    )
    .map(([exponent, kept, nudge, negative]) => {
      const mantissa =
        ((1n << BigInt(precision)) | kept) * (1n << BigInt(52 - precision)) + (1n << BigInt(51 - precision)) + nudge
      const value = Number(mantissa) * 2 ** (exponent - 52)
      return negative ? -value : value
    })

const little = (code: bigint, bytes: number) => Buffer.from(code.toString(16).padStart(2 * bytes, "0"), "hex").reverse()

test.each([
  ["halfvec", half, 2, near(10, -14, 15)],
  ["halfvec", half, 2, near(11, -14, 15)],
  ["vector", single, 4, near(23, -126, 127)],
  ["vector", single, 4, near(24, -126, 127)],
] as const)("%s by exact arithmetic", (kind, oracle, bytes, numbers) => {
  fc.assert(
    fc.property(fc.oneof(numbers, fc.double({ noNaN: true, noDefaultInfinity: true })), (value) => {
      const expected = oracle(value)
      const round = () => Buffer.from(roundToken({ kind }, Float64Array.of(value)))
      if (expected === undefined) expect(round).toThrow(expect.objectContaining({ code: "22003" }))
      else expect(round()).toEqual(little(expected, bytes))
    }),
    { numRuns: process.env["PENSTOCK_TEST_LONG"] === "1" ? 100_000 : 3000 },
  )
})

test("all 63,487 finite binary16 numbers but -0 are themselves", () => {
  for (let code = 0; code < 0x10000; code++) {
    if ((code & 0x7c00) === 0x7c00 || code === 0x8000) continue
    const [low = 0, high = 0] = roundToken({ kind: "halfvec" }, Float64Array.of(halfToNumber(code)))
    if ((low | (high << 8)) !== code)
      throw new Error(`binary16 ${code.toString(16)} became ${(low | (high << 8)).toString(16)}`)
  }
})

test("NaN and infinity are no token", () => {
  for (const kind of ["vector", "halfvec"] as const) {
    for (const value of [Number.NaN, Infinity, -Infinity]) {
      expect(() => roundToken({ kind }, Float64Array.of(value))).toThrow(expect.objectContaining({ code: "22003" }))
    }
  }
})
