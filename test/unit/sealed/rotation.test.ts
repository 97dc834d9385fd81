import { describe, expect, test } from "@jest/globals"
import { randomBytes } from "node:crypto"
import { nodeCrypto } from "../../../client/sealed/node-crypto.ts"
import type { SealedCrypto } from "../../../plv8-src/sealed/crypto.ts"
import { drawRotation, type Rotation, rotate } from "../../../plv8-src/sealed/rotation.ts"

const image = (rotation: Rotation, at: number): Float64Array => {
  const values = new Float64Array(rotation.size)
  values[at] = 1
  rotate(rotation, values, new Float64Array(rotation.size))
  return values.map((value) => value * rotation.scale)
}

/** A crypto whose stream is these bytes, whatever the key. */
const streaming = (bytes: Uint8Array): SealedCrypto => ({
  ...nodeCrypto,
  stream: (_, data) => Uint8Array.from({ length: data.length }, (_, i) => bytes[i % bytes.length] as number),
})

test("draws beyond the last whole multiple of a bound are drawn again", () => {
  const bytes = new Uint8Array(randomBytes(8192))
  // Of two streams one has a word more, where a place among 127 is drawn: 2^32 - 1 is beyond 127 * 33818640.
  const at = 128 / 8 + 4
  const longer = Uint8Array.from([...bytes.subarray(0, at), 255, 255, 255, 255, ...bytes.subarray(at)])
  const [a, b] = [bytes, longer].map((stream) => drawRotation(streaming(stream), new Uint8Array(32), 128))
  expect(b).toEqual(a)
  // Among 128 every word is a fair draw.
  const first = Uint8Array.from([...bytes.subarray(0, at - 4), 255, 255, 255, 255, ...bytes.subarray(at - 4)])
  expect(drawRotation(streaming(first), new Uint8Array(32), 128)).not.toEqual(a)
})

test("a stream that rejection used up is made longer", () => {
  // Nothing but 2^32 - 1 for a while, then zeros: far more rejections than were reckoned with.
  const bytes = new Uint8Array(1 << 16)
  bytes.fill(255, 128 / 8 + 4, 1 << 14)
  const rotation = drawRotation(streaming(bytes), new Uint8Array(32), 128)
  expect(new Set(rotation.last.from).size).toBe(128)
})

describe.each([128, 256, 384, 640, 1664, 3072])("%i coordinates", (size) => {
  const rotation = drawRotation(nodeCrypto, new Uint8Array(randomBytes(32)), size)

  test("it is orthogonal", () => {
    const places = [0, 1, 17, size / 2, size - 1]
    const images = places.map((at) => image(rotation, at))
    for (const [i, a] of images.entries()) {
      for (const [j, b] of images.entries()) {
        const product = a.reduce((sum, value, k) => sum + value * (b[k] as number), 0)
        expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-12)
      }
    }
  })

  test("it spreads one coordinate over all: three rounds leave few zeros", () => {
    const values = image(rotation, 3)
    expect(values.filter((value) => Math.abs(value) < 1e-15).length).toBeLessThan(0.1 * size)
    expect(Math.max(...values.map(Math.abs))).toBeLessThan(8 / Math.sqrt(size))
  })
})

test("sizes that are no multiple of 128 are refused", () => {
  for (const size of [0, -128, 100, 65_536])
    expect(() => drawRotation(nodeCrypto, new Uint8Array(32), size)).toThrow(RangeError)
})
