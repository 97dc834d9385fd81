import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

const triangles = "'{0,1,2,3,4,5,2}', '{1,2,0,4,5,3,3}', '{1,1,1,1,1,1,0.5}'"

test("the cut of two triangles joined by one edge is that edge", async () => {
  const rows = await db.query(`select * from integrity.min_cut(6, ${triangles})`)
  expect(rows).toEqual([{ cut_value: 0.5, side: [0, 1, 2], witness: [6] }])
})

test("parallel edges add, self-loops and weights of 0 count for nothing", async () => {
  const rows = await db.query("select * from integrity.min_cut(3, '{0,0,1,2,0}', '{1,1,2,2,2}', '{0.25,0.5,1,9,0}')")
  expect(rows).toEqual([{ cut_value: 0.75, side: [0], witness: [0, 1] }])
})

test("a disconnected graph has the value 0, its smallest component and an empty witness", async () => {
  const rows = await db.query("select * from integrity.min_cut(5, '{0,2,3}', '{1,3,4}', '{1,1,1}')")
  expect(rows).toEqual([{ cut_value: 0, side: [0, 1], witness: [] }])
  expect(await db.query("select * from integrity.min_cut(2, '{}', '{}', '{}')")).toEqual([
    { cut_value: 0, side: [0], witness: [] },
  ])
})

test("below two nodes there is one row of NULLs", async () => {
  for (const nodes of [0, 1])
    expect(await db.query(`select * from integrity.min_cut(${nodes}, '{}', '{}', '{}')`)).toEqual([
      { cut_value: null, side: null, witness: null },
    ])
})

test("the order of the edges changes nothing but their positions", async () => {
  const forward = await db.query("select * from integrity.min_cut(4, '{0,1,2,3}', '{1,2,3,0}', '{1,1,1,1}')")
  const backward = await db.query("select * from integrity.min_cut(4, '{0,3,2,1}', '{3,2,1,0}', '{1,1,1,1}')")
  expect(forward).toEqual([{ cut_value: 2, side: [0], witness: [0, 3] }])
  expect(backward).toEqual([{ cut_value: 2, side: [0], witness: [0, 3] }])
})

test("arrays may start at any index: positions count from 0", async () => {
  const rows = await db.query("select * from integrity.min_cut(2, '[5:6]={0,1}', '[0:1]={1,0}', '{1,2}')")
  expect(rows).toEqual([{ cut_value: 3, side: [0], witness: [0, 1] }])
})

test("edges packed into bytes give the same answer", async () => {
  const bytes = Buffer.alloc(7 * 16)
  const edges = [
    [0, 1, 1],
    [1, 2, 1],
    [2, 0, 1],
    [3, 4, 1],
    [4, 5, 1],
    [5, 3, 1],
    [2, 3, 0.5],
  ]
  for (const [i, [source, target, weight]] of edges.entries()) {
    bytes.writeInt32LE(source!, 16 * i)
    bytes.writeInt32LE(target!, 16 * i + 4)
    bytes.writeDoubleLE(weight!, 16 * i + 8)
  }
  const literal = `'\\x${bytes.toString("hex")}'::bytea`
  expect(await db.query(`select * from integrity.min_cut(6, ${literal})`)).toEqual([
    { cut_value: 0.5, side: [0, 1, 2], witness: [6] },
  ])
  const whole = await db.value<number>(`select integrity.lambda2(6, ${triangles})`)
  expect(await db.value(`select integrity.lambda2(6, ${literal})`)).toBe(whole)
})

test("lambda2 is the second eigenvalue, 0 when disconnected, NULL below two nodes", async () => {
  expect(await db.value("select integrity.lambda2(3, '{0,1,2}', '{1,2,0}', '{1,1,1}')")).toBeCloseTo(3, 12)
  expect(await db.value("select integrity.lambda2(3, '{0}', '{1}', '{1}')")).toBe(0)
  expect(await db.value("select integrity.lambda2(1, '{}', '{}', '{}')")).toBeNull()
})

test("a user may call the functions", async () => {
  await db.exec("set role penstock_user")
  expect(await db.value("select cut_value from integrity.min_cut(2, '{0}', '{1}', '{4}')")).toBe(4)
  expect(await db.value("select integrity.lambda2(2, '{0}', '{1}', '{4}')")).toBe(8)
  expect(await db.value("select integrity.lambda2_agg((2, 0, 1, 4::float8))")).toBe(8)
  await db.exec("reset role")
})
