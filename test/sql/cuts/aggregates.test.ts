import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.exec(`
    create table edges (id int primary key, graph text, a int, b int, w float8);
    insert into edges values
      (1, 'triangles', 0, 1, 1), (2, 'triangles', 1, 2, 1), (3, 'triangles', 2, 0, 1),
      (4, 'triangles', 3, 4, 1), (5, 'triangles', 4, 5, 1), (6, 'triangles', 5, 3, 1),
      (7, 'triangles', 2, 3, 0.5),
      (8, 'path', 0, 1, 2), (9, 'path', 1, 2, 3);
  `)
})
afterAll(async () => db.close())

test("min_cut_agg takes rows of edges, one graph a group", async () => {
  const rows = await db.query(`
    select graph, (integrity.min_cut_agg((case graph when 'path' then 3 else 6 end, a, b, w) order by id)).*
    from edges group by graph order by graph`)
  expect(rows).toEqual([
    { graph: "path", cut_value: 2, side: [0], witness: [0] },
    { graph: "triangles", cut_value: 0.5, side: [0, 1, 2], witness: [6] },
  ])
})

test("the witness counts in the order of the aggregate", async () => {
  const rows = await db.query(`
    select (integrity.min_cut_agg((6, a, b, w) order by id desc)).* from edges where graph = 'triangles'`)
  expect(rows).toEqual([{ cut_value: 0.5, side: [0, 1, 2], witness: [0] }])
})

test("nodes without edges count", async () => {
  const rows = await db.query("select (integrity.min_cut_agg((4, a, b, w))).* from edges where graph = 'path'")
  expect(rows).toEqual([{ cut_value: 0, side: [3], witness: [] }])
})

test("lambda2_agg agrees with lambda2", async () => {
  const want = await db.value("select integrity.lambda2(3, '{0,1}', '{1,2}', '{2,3}')")
  expect(await db.value("select integrity.lambda2_agg((3, a, b, w)) from edges where graph = 'path'")).toBe(want)
})

test("over no rows the answer is NULL", async () => {
  expect(await db.value("select integrity.min_cut_agg((3, a, b, w)) from edges where false")).toBeNull()
  expect(await db.value("select integrity.lambda2_agg((3, a, b, w)) from edges where false")).toBeNull()
})

test("node counts that differ or are missing, and NULLs in an edge: 22023", async () => {
  for (const edge of ["(id, a, b, w)", "(nullif(id, 8), a, b, w)", "(3, nullif(a, 1), b, w)", "(3, a, b, null)"]) {
    const error = await db.error(`select integrity.min_cut_agg(${edge}) from edges where graph = 'path'`)
    expect(error.code).toBe("22023")
  }
})

test("ten thousand rows take no quadratic time", async () => {
  const value = await db.value(`
    select (integrity.min_cut_agg((10000, i, i + 1, 1::float8))).cut_value from generate_series(0, 9998) as i`)
  expect(value).toBe(1)
})
