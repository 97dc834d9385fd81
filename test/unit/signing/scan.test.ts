// The scanner accepts exactly the bytes that parsing and writing again (by the package
// canonicalize) gives back.
import { expect, test } from "@jest/globals"
import canonicalize from "canonicalize"
import { isCanonical, parseCanonical } from "../../../plv8-src/signing/canonical.ts"
import { freshSeed, generator, isLong, trialTimeout } from "./support.ts"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The definition: valid UTF-8 whose parse is allowed and canonically written again gives the same text. */
const isCanonicalByDefinition = (bytes: Uint8Array): boolean => {
  try {
    const text = decoder.decode(bytes)
    const value: unknown = JSON.parse(text)
    return isCanonical(value) && canonicalize(value) === text
  } catch {
    return false
  }
}

const isAccepted = (bytes: Uint8Array): boolean => {
  try {
    parseCanonical(bytes)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: "22023" })
    return false
  }
}

/** Pieces of which near-canonical JSON is made. */
const pieces = [
  ...Array.from('{}[],:"\\-0123456789abnrtu_ .eE+/A\t\n\u0000\u0001\u001f\u007f\u00e9\u20ac\u2028\ufeff\u{1f600}'),
  ...'true false null "a" "b" "a": "b": {"a":1} [1] -1 -0 01 1.0 1e3 9007199254740991 9007199254740992'.split(" "),
  ...String.raw`\n \t \b \f \r \" \\ \/ \u0001 \u0000 \u0008 \u000b \u001f \u001F \u007f \ud800 \ud83d\ude00 \u00e9`.split(
    " ",
  ),
].map((text) => new TextEncoder().encode(text))
const rawBytes = [0x80, 0xbf, 0xc0, 0xc1, 0xe0, 0xed, 0xa0, 0xf0, 0xf4, 0x90, 0xf8, 0xff].map((byte) =>
  Uint8Array.of(byte),
)

const values = [
  { a: 1, b: ["x", null, true, { c_1: -5 }], z: {} },
  ['\u0001\b\n\u20ac\ud83d\ude00"\\/', 9007199254740991, -9007199254740991, 0],
  { "10": 1, "9": 2, _: "", a: false, aa: [], ab: [[]] },
  "text",
  17,
]

test(
  "on mutations of canonical bytes and on heaps of pieces",
  () => {
    const seed = freshSeed()
    const random = generator(seed)
    const counts = { accepted: 0, refused: 0 }
    for (let trial = 0; trial < (isLong ? 1_000_000 : 60_000); trial++) {
      let bytes: Uint8Array
      if (trial % 3 === 0) {
        const count = random.below(7)
        bytes = Buffer.concat(
          Array.from({ length: count }, () => random.pick(random.below(12) === 0 ? rawBytes : pieces)),
        )
      } else {
        const written = Buffer.from(canonicalize(random.pick(values)) ?? "")
        const at = random.below(written.length + 1)
        const cut = random.below(3)
        const piece =
          random.below(4) === 0 ? new Uint8Array(0) : random.pick(random.below(12) === 0 ? rawBytes : pieces)
        bytes = Buffer.concat([written.subarray(0, at), piece, written.subarray(at + cut)])
      }
      bytes = new Uint8Array(bytes)
      const accepted = isAccepted(bytes)
      if (accepted !== isCanonicalByDefinition(bytes)) {
        throw new Error(
          `SEED=${seed} trial ${trial}: accepted ${accepted}: ${JSON.stringify(Buffer.from(bytes).toString("latin1"))}`,
        )
      }
      counts[accepted ? "accepted" : "refused"]++
    }
    expect(counts.accepted).toBeGreaterThan(500)
    expect(counts.refused).toBeGreaterThan(5000)
  },
  trialTimeout,
)

test("every value that is allowed", () => {
  for (const value of values) expect(isAccepted(Buffer.from(canonicalize(value) ?? ""))).toBe(true)
})
