// RFC 8785 (JCS), as far as it applies to the part of JSON that events may use.
import { expect, test } from "@jest/globals"
import { canonicalText } from "../../../plv8-src/signing/canonical.ts"

test("section 3.2.2.2: strings are escaped as in the RFC", () => {
  const value = { string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/" }
  expect(canonicalText(value)).toBe('{"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}')
})

test("section 3.2.2: literals", () => {
  expect(canonicalText({ literals: [null, true, false] })).toBe('{"literals":[null,true,false]}')
})

test("section 3.2.3: keys are sorted by their UTF-16 code units, at every level, arrays are not", () => {
  const value = { b: [{ z: 1, a: 2 }, "x"], a_1: { "10": 1, "9": 2, _: 3 }, a: null }
  expect(canonicalText(value)).toBe('{"a":null,"a_1":{"10":1,"9":2,"_":3},"b":[{"a":2,"z":1},"x"]}')
})

test("section 3.2.2.3, appendix B: integers up to 2^53 - 1", () => {
  expect(canonicalText([0, -1, 9007199254740991, -9007199254740991])).toBe("[0,-1,9007199254740991,-9007199254740991]")
})
