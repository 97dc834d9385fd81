import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin } from "./guarded-collection.ts"

/* Single-user backends, the embedded database among them, fire no event triggers. */
const onServer = process.env["DATABASE_URL"] === undefined ? test.skip : test

let db: Database
beforeAll(async () => {
  db = await openGuarded()
})
afterAll(async () => db.close())

const another = "create index another on docs_1 using hnsw (vector vector_l2_ops)"

test("without them CREATE INDEX is not gated, and protect says so", async () => {
  await pin(db, "critical")
  expect(await outcome(db, another)).toBe("ok")
  expect(await db.value("select integrity.protect('docs')->'not_installed'")).toEqual([
    expect.stringContaining("install_event_triggers"),
  ])
})

test("only a superuser may install them", async () => {
  await db.query("set role penstock_admin")
  expect((await db.error("select integrity.install_event_triggers()")).code).toBe("42501")
  await db.query("reset role")
})

onServer("with them an index beside a valid one is refused before anything is built", async () => {
  await db.query("select integrity.install_event_triggers()")
  await db.query("select integrity.install_event_triggers()")
  await pin(db, "critical")
  expect(await outcome(db, another)).toBe("55R01")
  expect((await db.error(another.replace("index", "index concurrently"))).code).toBe("55R01")
  expect(await db.value("select count(*)::int from pg_index where not indisvalid")).toBe(0)
  await db.query("create table public.unrelated (a int)")
  expect(await outcome(db, "create index on public.unrelated (a)")).toBe("ok")
  await pin(db, "normal")
  expect(await outcome(db, another)).toBe("ok")
})

onServer("the index that is missing may be built, for that repairs", async () => {
  await pin(db, "critical")
  await db.query("drop index docs_hnsw")
  await db.query("create index docs_hnsw on docs using hnsw (vector vector_l2_ops)")
})

onServer("new and attached partitions have the gate at once", async () => {
  await db.exec(`
    create table docs_4 partition of docs for values in (4);
    create table docs_5 (like docs including all);
    alter table docs attach partition docs_5 for values in (5);
  `)
  expect(await outcome(db, "insert into docs_4 (id, part) values (1, 4)")).toBe("55R01")
  expect(await outcome(db, "insert into docs_5 (id, part) values (1, 5)")).toBe("55R01")
})

onServer("removing them leaves nothing", async () => {
  await db.query("select integrity.remove_event_triggers()")
  expect(await db.value("select count(*)::int from pg_event_trigger")).toBe(0)
  expect(await outcome(db, another)).toBe("ok")
})
