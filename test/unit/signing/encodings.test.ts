import { describe, expect, jest, test } from "@jest/globals"
import fc from "fast-check"
import { decodeBase64, encodeBase64 } from "../../../plv8-src/signing/base64.ts"
import { decodeUtf8, encodeUtf8 } from "../../../plv8-src/signing/utf8.ts"
import { isLong, trialTimeout } from "./support.ts"

jest.setTimeout(trialTimeout)

const numRuns = isLong ? 100_000 : 3000
const bytesNearUtf8 = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        0xc0,
        0xc1,
        0xc2,
        0xdf,
        0xe0,
        0xed,
        0xef,
        0xf0,
        0xf4,
        0xf5,
        0xf8,
        0x80,
        0x8f,
        0x90,
        0x9f,
        0xa0,
        0xbf,
      ),
      fc.nat(255),
    ),
    { maxLength: 12 },
  )
  .map((list) => Uint8Array.from(list))

describe("UTF-8 (RFC 3629)", () => {
  test("strings are encoded as TextEncoder does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text))
        expect(decodeUtf8(encodeUtf8(text))).toBe(text)
      }),
      { numRuns },
    )
  })

  test("bytes are accepted and decoded exactly as by a fatal TextDecoder", () => {
    const reference = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
    fc.assert(
      fc.property(bytesNearUtf8, (bytes) => {
        let expected: string | undefined
        try {
          expected = reference.decode(bytes)
        } catch {
          expect(() => decodeUtf8(bytes)).toThrow(RangeError)
          return
        }
        expect(decodeUtf8(bytes)).toBe(expected)
      }),
      { numRuns },
    )
  })

  test("lone surrogates are errors", () => {
    for (const text of ["\ud800", "x\udfff", "\ud800\ud800\udc00", "\udc00\ud800", "\ud83d"]) {
      expect(() => encodeUtf8(text)).toThrow(RangeError)
    }
  })

  test("texts longer than one chunk", () => {
    const text = "x".repeat(10_000) + "\u20ac\ud83d\ude00".repeat(3000) + "y".repeat(4096)
    expect(decodeUtf8(encodeUtf8(text))).toBe(text)
  })
})

describe("base 64 (RFC 4648 section 4)", () => {
  test.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ])("section 10: %j", (plain, encoded) => {
    expect(encodeBase64(Buffer.from(plain))).toBe(encoded)
    expect(Buffer.from(decodeBase64(encoded)).toString()).toBe(plain)
  })

  test("bytes are encoded as Buffer does", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"))
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes)
      }),
      { numRuns },
    )
  })

  test.each(["Zg=", "Zg", "Zh==", "Zm9=", "Zg==\n", " Zg==", "Z-==", "====", "Zg==Zg==", "=", "Zm9vY"])(
    "%j is not canonical",
    (text) => {
      expect(() => decodeBase64(text)).toThrow(RangeError)
    },
  )
})
