import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.exec(
    "create role application; grant penstock_user to application; grant create, usage on schema public to application",
  )
})
afterAll(async () => db.close())

const sequences = () =>
  db.value<number>(
    "select count(*)::int from pg_class where relkind = 'S' and relnamespace = 'integrity'::regnamespace and relname ~ '^_(refused|epoch)_'",
  )

test("a collection made by an ordinary user has a policy, a state, gates and counters at once", async () => {
  await db.query("set role application")
  await db.query("select penstock.create_collection('mine', 3)")
  expect(await db.query("select state, mode, policy, sample_count::int from integrity.states")).toEqual([
    { state: "normal", mode: "observe", policy: "default", sample_count: 0 },
  ])
  await db.query("reset role")
  const operations = await db.value<number>("select count(*)::int from integrity.operations")
  expect(await db.value("select count(*)::int from integrity.gates where collection = 'mine'")).toBe(operations)
  expect(await sequences()).toBe(operations + 1)
})

test("its owner may drop it while it is protected, and nothing of it stays", async () => {
  await db.query("select integrity.protect('mine', 'enforce')")
  await db.query("select integrity.override('mine', 'critical', 'test', '1 hour')")
  await db.query("set role application")
  expect((await db.error("select penstock.upsert('mine', 'a', '[1,2,3]')")).code).toBe("55R01")
  await db.query("select penstock.drop_collection('mine')")
  await db.query("reset role")
  expect(await sequences()).toBe(0)
  for (const table of ["_states", "_policies", "_gates", "_samples", "_inventory", "_protections", "_refusal_marks"])
    expect([table, await db.value(`select count(*)::int from integrity.${table}`)]).toEqual([table, 0])
})

test("a name may be used again", async () => {
  await db.query("select penstock.create_collection('mine', 3)")
  expect(await db.value("select (integrity.gate('mine', 'insert')).mode")).toBe("observe")
  await db.query("select penstock.upsert('mine', 'a', '[1,2,3]')")
})

test("enrolling again changes nothing", async () => {
  const before = await db.query("select * from integrity._gates order by operation")
  await db.query("select integrity._enrol('mine')")
  expect(await db.query("select * from integrity._gates order by operation")).toEqual(before)
})

test("a registration that is rolled back leaves nothing", async () => {
  const before = await sequences()
  await db.query("begin")
  await db.query("select penstock.create_collection('other', 3)")
  await db.query("rollback")
  expect(await sequences()).toBe(before)
  expect(await db.value("select count(*)::int from integrity.states")).toBe(1)
})
