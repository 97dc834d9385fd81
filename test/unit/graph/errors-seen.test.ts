/** Mistakes found in real implementations of minimum cut and algebraic connectivity, each with a graph that shows it. */
import { expect, test } from "@jest/globals"
import { lambda2 } from "../../../plv8-src/graph/lambda2.ts"
import { minCut } from "../../../plv8-src/graph/min-cut.ts"
import { complete, cycle } from "./support/families.ts"
import { type EdgeTuple, edgesOf } from "./support/graphs.ts"

const cut = (nodeCount: number, list: readonly EdgeTuple[]) => minCut(nodeCount, edgesOf(list))

test("parallel edges overwritten", () => {
  expect(
    cut(2, [
      [0, 1, 1],
      [1, 0, 2],
      [0, 1, 4],
    ]),
  ).toEqual({ cutValue: 7, side: [0], witness: [0, 1, 2] })
  expect(
    lambda2(
      2,
      edgesOf([
        [0, 1, 1],
        [1, 0, 2],
      ]),
    ),
  ).toBe(6)
})

test("only one maximum adjacency phase: 7 for 6", () => {
  // Every node has a degree of 7 or more, and the cut between the two squares is 6.
  const squares = [0, 4].flatMap((from): EdgeTuple[] => [
    [from, from + 1, 3],
    [from + 1, from + 2, 3],
    [from + 2, from + 3, 3],
    [from + 3, from, 3],
    [from, from + 2, 2],
    [from + 1, from + 3, 2],
  ])
  const bridges: EdgeTuple[] = [
    [0, 4, 2],
    [1, 5, 2],
    [2, 6, 2],
  ]
  expect(cut(8, [...squares, ...bridges])).toEqual({ cutValue: 6, side: [0, 1, 2, 3], witness: [12, 13, 14] })
})

test("merged into the wrong vertex; witness of the last vertex alone instead of all merged into it", () => {
  // The graph of Stoer and Wagner's paper, figure 1: 4, between {3, 4, 7, 8} and the others (numbered from 1 there).
  const list: EdgeTuple[] = [
    [0, 1, 2],
    [0, 4, 3],
    [1, 2, 3],
    [1, 4, 2],
    [1, 5, 2],
    [2, 3, 4],
    [2, 6, 2],
    [3, 6, 2],
    [3, 7, 2],
    [4, 5, 3],
    [5, 6, 1],
    [6, 7, 3],
  ]
  expect(cut(8, list)).toEqual({ cutValue: 4, side: [0, 1, 4, 5], witness: [2, 10] })
})

test("the last phase missed: the cut only shows when two vertices are left", () => {
  expect(
    cut(3, [
      [0, 1, 5],
      [1, 2, 4],
      [0, 2, 1],
    ]),
  ).toEqual({ cutValue: 5, side: [2], witness: [1, 2] })
  expect(
    cut(4, [
      [0, 1, 9],
      [2, 3, 9],
      [1, 2, 1],
    ]),
  ).toEqual({ cutValue: 1, side: [0, 1], witness: [2] })
})

test("max = 0 with a strict comparison: isolated nodes and bridges of weight 0", () => {
  expect(cut(3, [[0, 1, 1]])).toEqual({ cutValue: 0, side: [2], witness: [] })
  expect(
    cut(4, [
      [0, 1, 1],
      [2, 3, 1],
      [1, 2, 0],
    ]),
  ).toEqual({ cutValue: 0, side: [0, 1], witness: [] })
  expect(
    lambda2(
      4,
      edgesOf([
        [0, 1, 1],
        [2, 3, 1],
        [1, 2, 0],
      ]),
    ),
  ).toBe(0)
})

test("node list taken from the edges", () => {
  expect(cut(5, cycle(4).list)).toEqual({ cutValue: 0, side: [4], witness: [] })
  expect(lambda2(5, edgesOf(cycle(4).list))).toBe(0)
})

test("cut by subtraction: negative when disconnected, garbage for weights from 1e-6 to 1e6", () => {
  expect(
    cut(6, [
      [0, 1, 0.1],
      [1, 2, 0.2],
      [0, 2, 0.3],
      [3, 4, 0.1],
      [4, 5, 0.2],
      [3, 5, 0.3],
    ]),
  ).toEqual({
    cutValue: 0,
    side: [0, 1, 2],
    witness: [],
  })
  const stiff = (from: number): EdgeTuple[] => complete(20).list.map(([a, b]) => [from + a, from + b, 1e6 / 3])
  const feather: EdgeTuple = [0, 20, 1e-6]
  expect(cut(40, [...stiff(0), ...stiff(20), feather])?.cutValue).toBe(1e-6)
})

test("integer or float32 keys", () => {
  expect(
    cut(3, [
      [0, 1, 0.5],
      [1, 2, 0.25],
      [0, 2, 0.125],
    ]),
  ).toEqual({ cutValue: 0.375, side: [2], witness: [1, 2] })
  expect(
    cut(3, [
      [0, 1, 2 ** 40 + 1],
      [1, 2, 2 ** 40],
      [0, 2, 1],
    ]),
  ).toMatchObject({ cutValue: 2 ** 40 + 1, side: [2] })
})

test("consecutive vertices contracted below the bound", () => {
  // A path of triangles: a pass visits neighbours whose connectivity is only that of the bridge.
  const triangle = (from: number): EdgeTuple[] => [
    [from, from + 1, 2],
    [from + 1, from + 2, 2],
    [from, from + 2, 2],
  ]
  const list: EdgeTuple[] = [...triangle(0), ...triangle(3), ...triangle(6), [2, 3, 1], [5, 6, 0.5]]
  expect(cut(9, list)).toEqual({ cutValue: 0.5, side: [6, 7, 8], witness: [10] })
})

test("the first bound kept without its partition", () => {
  expect(
    cut(4, [
      [0, 1, 3],
      [1, 2, 3],
      [2, 0, 3],
      [2, 3, 1],
    ]),
  ).toEqual({ cutValue: 1, side: [3], witness: [3] })
})

test("self-loops counted in degrees", () => {
  expect(
    cut(3, [
      [0, 0, 9],
      [1, 1, 9],
      [2, 2, 9],
      [0, 1, 1],
      [1, 2, 2],
    ]),
  ).toEqual({ cutValue: 1, side: [0], witness: [3] })
  expect(
    lambda2(
      2,
      edgesOf([
        [0, 0, 9],
        [0, 1, 1],
      ]),
    ),
  ).toBe(2)
})

test("lambda2 by power iteration on L + shift gives the largest eigenvalue", () => {
  // A path of 4: 2 - sqrt 2, where the largest is 2 + sqrt 2.
  const got = lambda2(
    4,
    edgesOf([
      [0, 1, 1],
      [1, 2, 1],
      [2, 3, 1],
    ]),
  )
  expect(got).toBeCloseTo(2 - Math.SQRT2, 12)
})

test("the constant vector projected out before the recurrence only", () => {
  // A long path: the wanted eigenvalue is 1e-6, and any trace of the constant vector pulls it to 0.
  const n = 3000
  const got = lambda2(n, edgesOf(Array.from({ length: n - 1 }, (_, i) => [i, i + 1, 1] as const)))!
  const want = 4 * Math.sin(Math.PI / (2 * n)) ** 2
  expect(Math.abs(got / want - 1)).toBeLessThanOrEqual(1e-9)
})

test("fewer than two nodes: not applicable, rather than 0", () => {
  expect(cut(0, [])).toBeNull()
  expect(cut(1, [[0, 0, 1]])).toBeNull()
  expect(lambda2(1, edgesOf([]))).toBeNull()
})

test("a triangle test that is too generous: a hub of one clique tied to all of another", () => {
  // The hub's edges to the second clique are nearly the whole cut, so that hub and clique look joined.
  const first = complete(40).list
  const second = complete(20).list.map(([a, b, w]): EdgeTuple => [40 + a, 40 + b, w])
  const hub = Array.from({ length: 20 }, (_, i): EdgeTuple => [0, 40 + i, 0.5])
  const cutValue = 11
  const found = cut(60, [...first, ...second, ...hub, [1, 41, 0.5], [2, 42, 0.5]])
  expect(found).toMatchObject({ cutValue, side: Array.from({ length: 20 }, (_, i) => 40 + i) })
})

test("a value too small beside the largest weight is an error, not NaN and no endless loop", () => {
  const list: EdgeTuple[] = [
    [0, 1, 1e300],
    [1, 2, 5e-324],
  ]
  expect(() => lambda2(3, edgesOf(list))).toThrow(expect.objectContaining({ code: "22003" }))
  expect(cut(3, list)).toEqual({ cutValue: 5e-324, side: [2], witness: [1] })
  // A tiny edge beside others that connect the graph does no harm.
  expect(
    lambda2(
      2,
      edgesOf([
        [0, 1, 1e300],
        [0, 1, 5e-324],
      ]),
    ),
  ).toBe(2e300)
  expect(lambda2(3, edgesOf([...complete(3).list, [0, 1, 5e-324]]))).toBeCloseTo(3, 12)
})
