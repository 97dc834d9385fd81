import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { asRole, createRole, dropRoles } from "./roles.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  for (const index of ["hnsw", "ivfflat"]) {
    await db.query("select penstock.create_collection($1, 2, 'l2', $1)", [index])
    await db.query(
      "select penstock.upsert_many($1, array_agg(i::text), array_agg(array[i, i % 7]::vector)) from generate_series(1, 3000) i",
      [index],
    )
  }
  await db.query("select penstock.build_index('ivfflat')")
})
afterAll(async () => {
  await dropRoles(db)
  await db.close()
})

const names = [
  "hnsw.ef_search",
  "hnsw.iterative_scan",
  "ivfflat.probes",
  "ivfflat.iterative_scan",
  "enable_sort",
  "jit",
  "search_path",
]
const settings = async () => {
  const values: Record<string, string> = {}
  for (const name of names) values[name] = await db.value("select current_setting($1)", [name])
  return values
}

describe("settings of a call end with the call", () => {
  const calls = [
    "select * from penstock.search('hnsw', '[5,5]', 3, ef_search => 321)",
    "select * from penstock.search('hnsw', '[5,5]', 700)",
    "select * from penstock.search('ivfflat', '[5,5]', 3, probes => 3)",
    "select * from penstock.search_many('ivfflat', '{\"[5,5]\",\"[6,6]\"}', 3, probes => 2, ef_search => 99)",
    "select penstock.recall('hnsw', 5, 3, ef_search => 77)",
  ]
  test.each(calls)("%s", async (sql) => {
    await db.exec(
      "begin; set local hnsw.ef_search = 55; set local ivfflat.probes = 4; set local hnsw.iterative_scan = strict_order",
    )
    const before = await settings()
    await db.query(sql)
    expect(await settings()).toEqual(before)
    await db.exec("savepoint s")
    await db.error("select * from penstock.search('hnsw', '[5,5]', 0, ef_search => 500)")
    await db.exec("rollback to s")
    expect(await settings()).toEqual(before)
    await db.exec("commit")
    expect((await settings())["hnsw.ef_search"]).toBe("40")
  })
})

test("the settings of one call do not reach the next in the same statement", async () => {
  const sql = `select count(*) from penstock.search('hnsw', '[5,5]', 3, ef_search => 900) a,
    lateral (select current_setting('hnsw.ef_search') as ef) s where s.ef <> '40'`
  expect(await db.value(sql)).toBe(0)
})

test("a lists option left out is chosen from the number of rows", async () => {
  expect(await db.value("select options from penstock.collections where name = 'ivfflat'")).toEqual({ lists: 3 })
})

describe("search defaults of a collection", () => {
  const options = () => db.value("select options from penstock.collections where name = 'ivfflat'")

  test("are used where a call says nothing", async () => {
    await db.query("select penstock.set_search_defaults('ivfflat', probes => 1)")
    expect(await options()).toEqual({ lists: 3, probes: 1 })
    // About one query in fifteen lies near the border of two lists; of 300 surely one does.
    const narrow = await db.value<number>("select penstock.recall('ivfflat', 100, 300)")
    await db.query("select penstock.set_search_defaults('ivfflat', probes => 3)")
    expect(await db.value("select penstock.recall('ivfflat', 100, 30)")).toBe(1)
    expect(narrow).toBeLessThan(1)
  })

  test("go away with NULL", async () => {
    await db.query("select penstock.set_search_defaults('ivfflat', ef_search => 100)")
    expect(await options()).toEqual({ lists: 3, ef_search: 100 })
    await db.query("select penstock.set_search_defaults('ivfflat')")
    expect(await options()).toEqual({ lists: 3 })
  })

  test.each(["ef_search => 0", "ef_search => 1001", "probes => 0", "probes => 40000"])(
    "%s is refused",
    async (value) => {
      expect((await db.error(`select penstock.set_search_defaults('hnsw', ${value})`)).code).toBe("22023")
    },
  )

  test("are for the owner of the table to set", async () => {
    const searcher = await createRole(db, "searcher")
    const { code } = await asRole(db, searcher, () => db.error("select penstock.set_search_defaults('hnsw', 100)"))
    expect(code).toBe("42501")
  })
})
