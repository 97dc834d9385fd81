import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

test("the cut of two triangles joined by one edge is that edge", async () => {
  const rows = await db.query(
    "select * from integrity.min_cut(6, '{0,1,2,3,4,5,2}', '{1,2,0,4,5,3,3}', '{1,1,1,1,1,1,0.5}')",
  )
  expect(rows).toEqual([{ cut_value: 0.5, side: [0, 1, 2], witness: [6] }])
})
