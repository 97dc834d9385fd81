import { expect, test } from "@jest/globals"
import { SqlError } from "../../../plv8-src/errors.ts"
import { commonUnit } from "../../../plv8-src/graph/common-unit.ts"
import { edgesFromBytes } from "../../../plv8-src/graph/edge-bytes.ts"
import { checkEdges, MAX_NODES } from "../../../plv8-src/graph/edges.ts"
import { exactSum } from "../../../plv8-src/graph/exact-sum.ts"
import { exact } from "./support/brute-force.ts"
import { type EdgeTuple, edgesOf } from "./support/graphs.ts"
import { freshRandom } from "./support/random.ts"

const refusal = (nodeCount: number, list: readonly EdgeTuple[]): { code: string; position: number | undefined } => {
  try {
    checkEdges(nodeCount, edgesOf(list))
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    return { code: error.code, position: error.detail === undefined ? undefined : JSON.parse(error.detail).position }
  }
  throw new Error("expected an error")
}

test("wrong weights and nodes are refused with their position", () => {
  const good: EdgeTuple = [0, 1, 1]
  for (const weight of [-1, -5e-324, NaN, Infinity, -Infinity])
    expect(refusal(2, [good, [0, 1, weight]])).toEqual({ code: "22023", position: 1 })
  for (const [a, b] of [
    [-1, 0],
    [2, 0],
    [0, -1],
    [0, 2],
  ] as const)
    expect(refusal(2, [good, good, [a, b, 1]])).toEqual({ code: "22023", position: 2 })
})

test("node counts that are no node counts are refused", () => {
  expect(refusal(-1, []).code).toBe("22023")
  expect(refusal(1.5, []).code).toBe("22023")
  expect(refusal(NaN, []).code).toBe("22023")
  expect(refusal(MAX_NODES + 1, []).code).toBe("54000")
})

test("arrays of different lengths are refused", () => {
  const edges = edgesOf([[0, 1, 1]])
  for (const wrong of [
    { ...edges, source: new Int32Array(2) },
    { ...edges, target: new Int32Array(0) },
    { ...edges, weight: new Float64Array(3) },
  ])
    expect(() => checkEdges(2, wrong)).toThrow(expect.objectContaining({ code: "22023" }))
})

test("-0 is a weight of 0", () => {
  expect(checkEdges(2, edgesOf([[0, 1, -0]]))).toMatchObject({ total: 0, largest: 0 })
})

test("packed edges are read from any offset of a buffer", () => {
  const bytes = new Uint8Array(3 + 32)
  const view = new DataView(bytes.buffer, 3)
  view.setInt32(0, 7, true)
  view.setInt32(4, -8, true)
  view.setFloat64(8, 0.1, true)
  view.setInt32(16, 1, true)
  view.setInt32(20, 2, true)
  view.setFloat64(24, 1e300, true)
  const { source, target, weight } = edgesFromBytes(bytes.subarray(3))
  expect([[...source], [...target], [...weight]]).toEqual([
    [7, 1],
    [-8, 2],
    [0.1, 1e300],
  ])
  expect(() => edgesFromBytes(bytes)).toThrow(expect.objectContaining({ code: "22023" }))
})

test("sums are correctly rounded in any order", () => {
  expect(exactSum([])).toBe(0)
  expect(exactSum(Array.from({ length: 10 }, () => 0.1))).toBe(1)
  expect(exactSum([1, 2 ** -53, 2 ** -106])).toBe(1 + 2 ** -52)
  expect(exactSum([1, 2 ** -53])).toBe(1)
  const random = freshRandom()
  for (let round = 0; round < 500; round++) {
    const terms = Array.from({ length: 1 + random.below(20) }, () => 10 ** (random.real() * 40 - 20))
    const sum = exactSum(terms)
    const real = terms.reduce((total, term) => total + exact(term), 0n)
    const distance = (value: number): bigint => (exact(value) > real ? exact(value) - real : real - exact(value))
    expect([random.seed, distance(sum) <= distance(sum * (1 + 2 ** -52))]).toEqual([random.seed, true])
    expect([random.seed, distance(sum) <= distance(sum * (1 - 2 ** -53))]).toEqual([random.seed, true])
    expect(exactSum(random.shuffled(terms))).toBe(sum)
  }
})

test("a common unit is found for integers, dyadic fractions and multiples of one number, and for nothing else", () => {
  const unitOf = (weights: readonly number[]) => {
    const total = weights.reduce((a, b) => a + b, 0)
    return commonUnit(Float64Array.from(weights), total, weights.every(Number.isInteger))
  }
  expect(unitOf([1, 2, 3])?.unit).toBe(1)
  expect([...unitOf([0.5, 0.25, 3])!.weight]).toEqual([0.5, 0.25, 3])
  expect([...unitOf([0.1, 0, 0.1, 0.2])!.weight]).toEqual([1, 0, 1, 2])
  expect(unitOf([0.1, 0.3])).toBeNull()
  expect(unitOf([1e300, 5e-324])).toBeNull()
  expect(unitOf([2 ** 53, 0.5])).toBeNull()
})
