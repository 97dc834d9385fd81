import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { initMemory, remember } from "./support.ts"

/** Every way to the memories passes the gate of collection memory, in front of which init puts it. */
let db: Database
let a: string
let b: string
beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db)
  a = await remember(db, "a", { embedding: "[1,0,0,0]" })
  b = await remember(db, "b", { embedding: "[0,1,0,0]" })
  await db.query("select memory.upsert_domain('dev')")
  await db.query("select integrity.protect('memory', 'enforce')")
  await db.query(
    `select integrity.set_policy('memory', 'default', '{"critical_actions": {"allow_reads": false, "allow_single_insert": false,
      "allow_update": false, "allow_delete": false}}')`,
  )
})
afterAll(async () => db.close())

const reads = [
  "select * from memory.search('a', '[1,0,0,0]')",
  "select * from memory.fts_search('a')",
  "select * from memory.vector_search('[1,0,0,0]')",
  "select * from memory.get(ID)",
  "select * from memory.get_scheduling(ID)",
  "select * from memory.get_due()",
  "select * from memory.list_domains()",
  "select * from memory.get_domain('dev')",
  "select * from memory.classify('[1,0,0,0]')",
  "select memory.count()",
  "select memory.get_stats()",
  "select * from memory.health_check()",
  "select * from memory.get_edges(ID)",
  "select * from memory.get_neighbors(ID)",
]
const writes = [
  "select memory.insert('c')",
  `select memory.insert_many('[{"content": "d"}]')`,
  "select memory.update(ID, content => 'e')",
  "select memory.delete(ID)",
  "select memory.review(ID, 3)",
  "select memory.update_scheduling(ID, 'review', 1, 1, now(), now())",
  "select memory.supersede(ID, OTHER)",
]
const filled = (sql: string) => sql.replace("ID", `'${a}'`).replace("OTHER", `'${b}'`)

test.each([...reads, ...writes])("an open gate lets through: %s", async (sql) => {
  await db.exec("begin")
  await db.query(filled(sql))
  await db.exec("rollback")
})

describe("a closed gate refuses", () => {
  beforeAll(async () => {
    await db.query("select integrity.override('memory', 'critical', 'test', '1 hour')")
  })

  test.each([...reads, ...writes])("%s", async (sql) => {
    const { code, hint } = await db.error(filled(sql))
    expect(["55R01", "53R01", "53R02"]).toContain(code)
    expect(hint).not.toBe("")
  })

  test("whoever writes to the table itself", async () => {
    const { code } = await db.error("update memory.memories set content = 'x'")
    expect(["55R01", "53R01", "53R02"]).toContain(code)
  })

  test("and nothing was written", async () => {
    expect(await db.query("select content from memory.memories order by content")).toEqual([
      { content: "a" },
      { content: "b" },
    ])
    expect(await db.value("select count(*) from memory.review_events")).toBe(0)
  })
})

test("the sampler measures the collection", async () => {
  await db.query("select integrity.clear_override('memory', 'test')")
  await db.query("select integrity.sample('memory')")
  expect(await db.value("select lambda_cut is not null from integrity.states where collection = 'memory'")).toBe(true)
})
