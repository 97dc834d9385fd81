import { expect, test } from "@jest/globals"
import fc from "fast-check"
import { Manifest } from "../../../plv8-src/sealed/manifest.ts"
import { bytesToHex } from "../../../plv8-src/signing/hash.ts"

const entries = fc.uniqueArray(
  fc.tuple(
    fc.uint8Array({ minLength: 2, maxLength: 12 }),
    fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
  ),
  { maxLength: 12, selector: ([id]) => bytesToHex(id) },
)
const build = (list: readonly (readonly [Uint8Array, bigint, Uint8Array])[]): Manifest => {
  const manifest = new Manifest()
  for (const [id, version, mac] of list) manifest.set(id, { version, mac })
  return manifest
}

test("the root does not depend on the order of entries and changes with each of them", () => {
  fc.assert(
    fc.property(entries, (list) => {
      const manifest = build(list)
      const { root, count } = manifest.root()
      expect(build(list.toReversed()).root()).toEqual({ root, count })
      for (const [i, [id, version, mac]] of list.entries()) {
        expect(manifest.has(id, { version, mac })).toBe(true)
        expect(manifest.has(id, { version: version - 1n, mac })).toBe(false)
        const others = list.filter((_, j) => j !== i)
        expect(build(others).root().root).not.toBe(root)
        expect(build([...others, [id, version + 1n, mac]]).root().root).not.toBe(root)
        expect(build([...others, [id, version, mac.map((byte) => byte ^ 1)]]).root().root).not.toBe(root)
      }
    }),
    { numRuns: 50 },
  )
})

test("its text gives it back, and a changed text is refused", () => {
  fc.assert(
    fc.property(entries, fc.nat(), (list, at) => {
      const text = build(list).toText()
      expect(Manifest.fromText(text).root()).toEqual(build(list).root())
      const place = at % text.length
      const changed = `${text.slice(0, place)}${text[place] === "0" ? "1" : "0"}${text.slice(place + 1)}`
      expect(() => Manifest.fromText(changed)).toThrow(expect.objectContaining({ code: "22023" }))
    }),
    { numRuns: 100 },
  )
  expect(() => Manifest.fromText("")).toThrow(expect.objectContaining({ code: "22023" }))
})
