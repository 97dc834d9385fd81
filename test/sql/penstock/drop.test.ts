import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

test("drop_collection drops the table and the name", async () => {
  await db.query("select penstock.create_collection('gone', 3, partitions => 2)")
  await db.query("select penstock.drop_collection('gone')")
  expect(await db.value("select to_regclass('gone')")).toBeNull()
  expect((await db.error("select * from penstock.search('gone', '[1,2,3]')")).code).toBe("42704")
})

test("unregister keeps the table, which can be adopted again", async () => {
  await db.query("select penstock.create_collection('kept', 3)")
  await db.query("select penstock.upsert('kept', 'a', '[1,2,3]')")
  await db.query("select penstock.unregister('kept')")
  expect((await db.error("select penstock.count('kept')")).code).toBe("42704")
  await db.query("select penstock.register('kept', 'kept')")
  expect(await db.value("select penstock.count('kept')")).toBe(1)
})

test("drop_collection refuses an adopted table", async () => {
  await db.exec("create table adopted (id text primary key, vector vector(3), metadata jsonb)")
  await db.query("select penstock.register('adopted', 'adopted')")
  const { code, hint } = await db.error("select penstock.drop_collection('adopted')")
  expect(code).toBe("55000")
  expect(hint).toContain("unregister")
  expect(await db.value("select penstock.count('adopted')")).toBe(0)
})

test("a collection whose table was dropped says so everywhere, and can be forgotten", async () => {
  await db.query("select penstock.create_collection('lost', 3)")
  await db.exec("drop table lost")
  for (const sql of [
    "select * from penstock.search('lost', '[1,2,3]')",
    "select * from penstock.get('lost', 'a')",
    "select penstock.upsert('lost', 'a', '[1,2,3]')",
    "select penstock.delete('lost', 'a')",
    "select penstock.count('lost')",
    "select * from penstock.stats('lost')",
    "select penstock.recall('lost')",
    "select penstock.build_index('lost')",
    "select penstock.drop_collection('lost')",
  ]) {
    const { code, hint } = await db.error(sql)
    expect([sql, code, hint?.includes("penstock.unregister('lost')")]).toEqual([sql, "42704", true])
  }
  expect(await db.value("select table_is_gone from penstock.collections where name = 'lost'")).toBe(true)
  await db.query("select penstock.unregister('lost')")
  await db.query("select penstock.create_collection('lost', 3)")
})

test("an unknown name comes with names that look like it", async () => {
  await db.query("select penstock.create_collection('handbook_pages', 3)")
  const { code, hint } = await db.error("select * from penstock.search('handbok_page', '[1,2,3]')")
  expect(code).toBe("42704")
  expect(hint).toContain("'handbook_pages'")
  expect((await db.error("select penstock.unregister('handbok_page')")).hint).toContain("'handbook_pages'")
})

test("a collection dropped while a search is being read loses no row of that search", async () => {
  await db.query("select penstock.create_collection('busy', 1, 'l2')")
  await db.query(
    "select penstock.upsert_many('busy', array_agg(i::text), array_agg(array[i]::vector)) from generate_series(1, 50) i",
  )
  await db.exec("begin; declare reading cursor for select id from penstock.search('busy', '[0]', 50)")
  expect(await db.query("fetch 10 from reading")).toHaveLength(10)
  const dropped = await db.error("select penstock.drop_collection('busy')").catch(() => undefined)
  if (dropped === undefined) expect(await db.query("fetch all from reading")).toHaveLength(40)
  else expect(dropped.code).toBe("55006")
  await db.exec("rollback")
  expect(await db.value("select penstock.count('busy')")).toBe(50)
})

test("a rolled back drop leaves everything", async () => {
  await db.exec("begin; select penstock.drop_collection('busy'); rollback")
  expect(await db.value("select penstock.count('busy')")).toBe(50)
})
