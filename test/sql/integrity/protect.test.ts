import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
})
afterAll(async () => db.close())

const triggers = () =>
  db.query(
    "select tgrelid::regclass::text as table, tgname, tgenabled, tgtype, tgisinternal from pg_trigger order by 1, 2",
  )
const gated = async () =>
  (
    await db.query<{ table: string }>(
      "select tgrelid::regclass::text as table from pg_trigger where tgname = '_000_penstock_gate' order by 1",
    )
  ).map((row) => row.table)

test("the root and every partition carry the gate, and protect may be repeated", async () => {
  expect(await gated()).toEqual(["docs", "docs_1", "docs_2", "docs_3"])
  const before = await triggers()
  expect(await db.value("select integrity.protect('docs')")).toMatchObject({
    mode: "enforce",
    tables: ["docs", "docs_1", "docs_2", "docs_3"],
  })
  expect(await triggers()).toEqual(before)
})

test("repeating protect keeps the mode; naming another changes it", async () => {
  expect(await db.value("select integrity.protect('docs')->>'mode'")).toBe("enforce")
  expect(await db.value("select integrity.protect('docs', 'observe')->>'mode'")).toBe("observe")
  expect(await db.value("select integrity.protect('docs', 'enforce')->>'mode'")).toBe("enforce")
  expect((await db.error("select integrity.protect('docs', 'enforced')")).code).toBe("22023")
})

test("the sampler finds new and attached partitions, of partitions too", async () => {
  await db.exec(`
    create table docs_4 partition of docs for values in (4) partition by list (id);
    create table docs_4_a partition of docs_4 for values in (1);
    create table docs_5 (like docs including all);
    alter table docs attach partition docs_5 for values in (5);
  `)
  await sample(db)
  expect(await gated()).toEqual(["docs", "docs_1", "docs_2", "docs_3", "docs_4", "docs_4_a", "docs_5"])
  await pin(db, "critical")
  expect(await outcome(db, "insert into docs_4_a (id, part) values (1, 4)")).toBe("55R01")
  expect(await outcome(db, "insert into docs_5 (id, part) values (1, 5)")).toBe("55R01")
})

test("a detached partition stays gated until unprotect", async () => {
  await db.exec("alter table docs detach partition docs_5")
  expect(await outcome(db, "insert into docs_5 (id, part) values (1, 5)")).toBe("55R01")
})

test("what repairs stays possible in critical: VACUUM, REINDEX, CREATE INDEX, ATTACH, DETACH, DROP", async () => {
  await db.query("vacuum docs_1")
  await db.query("analyze docs_1")
  await db.query("reindex table docs_1")
  await db.query("drop index docs_hnsw")
  await db.query("create index docs_hnsw on docs using hnsw (vector vector_l2_ops)")
  await db.query("alter table docs detach partition docs_3")
  await db.query("alter table docs attach partition docs_3 for values in (3)")
  await db.query("drop table docs_4")
})

test("unprotect leaves exactly the triggers that were there before, detached partitions included", async () => {
  await db.exec(`
    create function public.mine() returns trigger language plpgsql as $fn$ begin return null; end $fn$;
    create trigger _000_mine before insert on docs for each statement execute function public.mine();
  `)
  await db.query("select integrity.unprotect('docs')")
  const left = (await triggers()) as { tgname: string; table: string }[]
  expect(left.filter((row) => row.table.startsWith("docs")).map((row) => row.tgname)).toEqual(["_000_mine"])
  expect(await outcome(db, "insert into docs_5 (id, part) values (1, 5)")).toBe("ok")
  expect(await outcome(db, "insert into docs (id) values (900)")).toBe("ok")
  await db.query("select integrity.unprotect('docs')")
})

test("protect and unprotect are in the history", async () => {
  const events = await db.query(
    "select event_type from integrity.history('docs') where event_type like '%protect' order by id",
  )
  expect(events).toEqual([{ event_type: "protect" }, { event_type: "unprotect" }])
})

test("the gate follows a table that is renamed or moved to another schema", async () => {
  await db.query("select integrity.protect('docs')")
  await db.exec("create schema elsewhere; alter table docs rename to renamed; alter table renamed set schema elsewhere")
  expect(await outcome(db, "insert into elsewhere.renamed (id) values (900)")).toBe("55R01")
  await db.exec("alter table elsewhere.renamed set schema public; alter table renamed rename to docs")
})

test("unregister takes the gate away and leaves no sequence behind", async () => {
  await db.query("select penstock.unregister('docs')")
  expect(await gated()).toEqual([])
  expect(await outcome(db, "insert into docs (id) values (900)")).toBe("ok")
  expect(
    await db.value(
      "select count(*)::int from pg_class where relkind = 'S' and relnamespace = 'integrity'::regnamespace and (relname like '\\_refused%' or relname like '\\_epoch%')",
    ),
  ).toBe(0)
  expect(await db.value("select count(*)::int from integrity.gates")).toBe(0)
})

test("a collection that is not there is 42704", async () => {
  expect((await db.error("select integrity.protect('docs')")).code).toBe("42704")
  expect((await db.error("select integrity.unprotect('docs')")).code).toBe("42704")
})
