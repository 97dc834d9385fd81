import { createHash } from "node:crypto"
import { expect, test } from "@jest/globals"
import fc from "fast-check"
import { hashingEmbedder, hashingVector } from "../../../client/embedding/hashing.ts"

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)

test("the same text gives the same bytes on every machine", () => {
  const bytes = new Uint8Array(hashingVector("The gate regulates how much water a channel may carry.", 64).buffer)
  expect(createHash("sha256").update(bytes).digest("hex")).toMatchInlineSnapshot(
    `"af2c3aded578c65fa6d64e83d4dba62e2a4dc31aadde459381f8f75d005956c4"`,
  )
})

test("every text becomes a finite unit vector", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.integer({ min: 16, max: 512 }),
      (text, dimensions) => {
        const vector = hashingVector(text, dimensions)
        expect(vector).toHaveLength(dimensions)
        expect(cosine(vector, vector)).toBeCloseTo(1, 5)
      },
    ),
  )
})

test("texts that share words are closer than texts that do not", () => {
  const query = hashingVector("pool of database connections", 384)
  const near = hashingVector("A pool keeps connections to the database open", 384)
  const far = hashingVector("Colours of a sunset over the sea", 384)
  expect(cosine(query, near)).toBeGreaterThan(cosine(query, far) + 0.2)
})

test.each([0, 15, 16001, 3.5, Number.NaN])("%p dimensions are refused", (dimensions) => {
  expect(() => hashingEmbedder(dimensions)).toThrow(RangeError)
})
