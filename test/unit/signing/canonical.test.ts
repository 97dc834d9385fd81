import { describe, expect, jest, test } from "@jest/globals"
import fc from "fast-check"
import { canonicalBytes, canonicalText, parseCanonical } from "../../../plv8-src/signing/canonical.ts"
import { maximumDepth } from "../../../plv8-src/signing/scan.ts"
import { isLong, trialTimeout } from "./support.ts"

jest.setTimeout(trialTimeout)

const refused = expect.objectContaining({ code: "22023" })
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const text = fc.string({ unit: "grapheme" }).map((s) => s.replaceAll("\u0000", ""))
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((n) => n + 0),
    text,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.stringMatching(/^[a-z0-9_]{1,6}$/), tie("value"), { maxKeys: 5 }),
  ),
}))

test("what is written is read back, and its bytes are the only ones", () => {
  fc.assert(
    fc.property(anything, (value) => {
      const written = canonicalBytes(value)
      const read = parseCanonical(written)
      expect(canonicalText(read)).toBe(canonicalText(value))
      expect(canonicalBytes(read)).toEqual(written)
    }),
    { numRuns: isLong ? 100_000 : 2000 },
  )
})

describe("values that have no canonical form", () => {
  test.each([
    ["a fraction", { a: 0.5 }],
    ["minus zero", { a: -0 }],
    ["2^53", { a: 2 ** 53 }],
    ["NaN", [Number.NaN]],
    ["infinity", [Number.POSITIVE_INFINITY]],
    ["a big integer", { a: 1n }],
    ["undefined", { a: undefined }],
    ["undefined alone", undefined],
    ["a function", { a: () => 1 }],
    ["a NUL in a string", { a: "x\u0000y" }],
    ["a lone high surrogate", { a: "\ud800" }],
    ["a lone low surrogate", { a: "\udc00x" }],
    ["surrogates in the wrong order", { a: "\udc00\ud800" }],
    ["an upper-case key", { A: 1 }],
    ["an empty key", { "": 1 }],
    ["a key with a dash", { "a-b": 1 }],
    ["a key beyond ASCII", { \u00e9: 1 }],
    ["a method toJSON", { toJSON: () => 1 }],
    ["a hole in an array", Object.assign([], { 0: 1, 2: 2 })],
    ["a date", { a: new Date(0) }],
    ["a map", new Map()],
    ["bytes", Uint8Array.of(1)],
    ["too deep", Array.from({ length: maximumDepth }).reduce((inner) => [inner], [])],
  ])("%s", (_, value) => {
    expect(() => canonicalText(value)).toThrow(refused)
  })

  test("the message names the path", () => {
    expect(() => canonicalText({ a: [{ b: 1.5 }] })).toThrow(/a\.0\.b is 1\.5/)
  })
})

describe("bytes that are not canonical", () => {
  test.each([
    ["nothing", ""],
    ["a byte order mark", '\ufeff{"a":1}'],
    ["space at the end", '{"a":1} '],
    ["space inside", '{"a": 1}'],
    ["a newline", '{"a":1}\n'],
    ["keys in another order", '{"b":1,"a":1}'],
    ["a duplicate key", '{"a":1,"a":1}'],
    ["a duplicate key with another value", '{"a":1,"a":2}'],
    ["a duplicate key by escape", '{"a":1,"\\u0061":1}'],
    ["a needless escape", '{"a":"\\u0041"}'],
    ["an escaped slash", '{"a":"\\/"}'],
    ["an upper-case escape", '{"a":"\\u001F"}'],
    ["a long escape of a newline", '{"a":"\\u000a"}'],
    ["an escaped NUL", '{"a":"\\u0000"}'],
    ["an escaped lone surrogate", '{"a":"\\ud800"}'],
    ["an escaped pair", '{"a":"\\ud83d\\ude00"}'],
    ["a fraction of zero", '{"a":1.0}'],
    ["an exponent", '{"a":1e2}'],
    ["minus zero", '{"a":-0}'],
    ["a leading zero", '{"a":01}'],
    ["a plus", '{"a":+1}'],
    ["2^53", '{"a":9007199254740992}'],
    ["2^53 + 1, which a double rounds", '{"a":9007199254740993}'],
    ["a huge exponent", '{"a":1e400}'],
    ["an upper-case key", '{"A":1}'],
    ["two values", "{}{}"],
    ["a comment", "{}//"],
    ["single quotes", "{'a':1}"],
    ["a trailing comma", '{"a":1,}'],
    ["a hexadecimal number", '{"a":0x1}'],
    ["not JSON", "undefined"],
    ["integer-like keys in the engine's order", '{"9":1,"10":1}'],
    ["a deep array", "[".repeat(100_000) + "]".repeat(100_000)],
    ["a deep object", '{"a":'.repeat(50_000) + "1" + "}".repeat(50_000)],
  ])("%s", (_, written) => {
    expect(() => parseCanonical(bytes(written))).toThrow(refused)
  })

  test.each([
    ["an overlong NUL", [0x22, 0xc0, 0x80, 0x22]],
    ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
    ["an overlong three-byte form", [0x22, 0xe0, 0x80, 0xaf, 0x22]],
    ["an overlong four-byte form", [0x22, 0xf0, 0x80, 0x80, 0xaf, 0x22]],
    ["an encoded surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["an encoded pair of surrogates", [0x22, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, 0x22]],
    ["a code point above U+10FFFF", [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ["a five-byte form", [0x22, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x22]],
    ["a stray continuation", [0x22, 0x80, 0x22]],
    ["a truncated sequence", [0x22, 0xe2, 0x82, 0x22]],
    ["0xff", [0x22, 0xff, 0x22]],
    ["UTF-16", [0xff, 0xfe, 0x22, 0, 0x22, 0]],
    ["a byte order mark alone", [0xef, 0xbb, 0xbf]],
    ["a sequence cut at the end", [0x22, 0xf0, 0x9f, 0x98]],
  ])("%s", (_, written) => {
    expect(() => parseCanonical(Uint8Array.from(written))).toThrow(refused)
  })

  test("more than a mebibyte", () => {
    expect(() => parseCanonical(bytes(`"${"x".repeat(1 << 20)}"`))).toThrow(refused)
    expect(() => canonicalBytes("x".repeat(1 << 20))).toThrow(refused)
  })
})

test("integer-like keys and __proto__ are keys like any other", () => {
  const written = '{"10":1,"9":2,"__proto__":{"a":3}}'
  expect(canonicalText(parseCanonical(bytes(written)))).toBe(written)
})

test("a single changed byte never says the same", () => {
  const written = canonicalBytes({ a: 1, b: "text \u20ac \ud83d\ude00", c: [true, null, -5] })
  const said = canonicalText(parseCanonical(written))
  for (let at = 0; at < written.length; at++) {
    for (let byte = 0; byte < 256; byte++) {
      if (byte === written[at]) continue
      const changed = written.slice()
      changed[at] = byte
      let other: string | undefined
      try {
        other = canonicalText(parseCanonical(changed))
      } catch (error) {
        expect(error).toEqual(refused)
      }
      expect(other).not.toBe(said)
    }
  }
})
