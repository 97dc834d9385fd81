import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

/** Every way to the data of a collection passes its gate, once. */
let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.query("select penstock.create_collection('docs', 2, 'l2', partitions => 2)")
  await db.query("select penstock.upsert_many('docs', '{a,b}', '{\"[1,2]\",\"[3,4]\"}')")
  await db.query("select integrity.protect('docs', 'enforce')")
  await db.query(`select integrity.set_policy('docs', 'default', '{"critical_actions": {"allow_reads": false}}')`)
})
afterAll(async () => db.close())

const reads = [
  "select * from penstock.search('docs', '[1,2]')",
  "select * from penstock.search('docs', '[1,2]', exact => true)",
  "select * from penstock.search_many('docs', '{\"[1,2]\",\"[3,4]\"}')",
  "select * from penstock.get('docs', 'a')",
  "select penstock.count('docs')",
  "select * from penstock.stats('docs')",
  "select penstock.recall('docs')",
]
const writes = [
  "select penstock.upsert('docs', 'a', '[5,6]')",
  "select penstock.upsert_many('docs', '{c,d}', '{\"[1,2]\",\"[3,4]\"}')",
  "select penstock.delete('docs', 'a')",
]

test.each([...reads, ...writes])("an open gate lets through: %s", async (sql) => {
  await db.exec("begin")
  await db.query(sql)
  await db.exec("rollback")
})

describe("a closed gate refuses", () => {
  beforeAll(async () => {
    await db.query("select integrity.override('docs', 'critical', 'test', '1 hour')")
  })

  test.each([...reads, ...writes])("%s", async (sql) => {
    const { code, hint } = await db.error(sql)
    expect(["55R01", "53R01", "53R02"]).toContain(code)
    expect(hint).not.toBe("")
  })

  test("and nothing was written", async () => {
    expect(await db.query("select id, vector::text from docs order by id")).toEqual([
      { id: "a", vector: "[1,2]" },
      { id: "b", vector: "[3,4]" },
    ])
  })

  test("but a collection can still be dropped", async () => {
    await db.query("select penstock.drop_collection('docs')")
    expect(await db.value("select count(*) from penstock.collections")).toBe(0)
  })
})
