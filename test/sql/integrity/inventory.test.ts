import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded("observe")
})
afterAll(async () => db.close())

const members = async () =>
  (
    await db.query<{ member: string }>("select member from integrity._inventory where collection = 'docs' order by 1")
  ).map((row) => row.member)

test("registering records the leaves and their vector indexes", async () => {
  expect(
    await db.query("select member, vector_index from integrity._inventory where collection = 'docs' order by 1"),
  ).toEqual([
    { member: "docs_1", vector_index: "docs_1_vector_idx" },
    { member: "docs_2", vector_index: "docs_2_vector_idx" },
    { member: "docs_3", vector_index: "docs_3_vector_idx" },
  ])
})

test("a renamed partition is the same partition", async () => {
  await db.exec("alter table docs_2 rename to docs_two")
  expect(await sample(db)).toMatchObject({ lambda_cut: 1 })
  expect(await members()).toEqual(["docs_1", "docs_3", "docs_two"])
})

test("a partition made anew under its old name is the same partition", async () => {
  await db.exec(`
    begin;
    create table moved as select * from docs_3;
    drop table docs_3;
    create table docs_3 partition of docs for values in (3);
    commit;
  `)
  expect(await sample(db)).toMatchObject({ lambda_cut: 1 })
})

test("an index rebuilt under another name is an index", async () => {
  await db.exec("create index another on docs using hnsw (vector vector_l2_ops); drop index docs_hnsw")
  expect(await sample(db)).toMatchObject({ lambda_cut: 1 })
})

test("new partitions are added by the next sample, which the history shows", async () => {
  await db.exec("create table docs_4 partition of docs for values in (4)")
  await sample(db)
  expect(await members()).toEqual(["docs_1", "docs_3", "docs_4", "docs_two"])
  expect(await db.value("select count(*)::int from integrity.history('docs', 'inventory')")).toBe(1)
})

test("a dropped partition is missing until somebody says that it was on purpose", async () => {
  await db.exec("drop table docs_4")
  expect(await sample(db)).toMatchObject({ lambda_cut: 0 })
  expect(await db.value("select integrity.explain('docs')")).toContain("docs_4")
  expect(await db.value("select integrity.rebuild_graph('docs')")).toMatchObject({
    added: [],
    forgotten: ["docs_4"],
    index_forgotten: [],
    lambda_cut: 1,
  })
  expect(await members()).toEqual(["docs_1", "docs_3", "docs_two"])
})

test("an index dropped on purpose is forgotten the same way, and then does not apply", async () => {
  await db.exec("drop index another")
  expect((await sample(db)).lambda_cut).toBeCloseTo(0.45, 9)
  expect(await db.value("select integrity.rebuild_graph('docs')")).toMatchObject({
    index_forgotten: ["docs_1", "docs_3", "docs_two"],
    lambda_cut: 1,
  })
  expect(await db.value("select integrity.explain('docs')")).toContain("no vector index is recorded")
})

test("an invalid index is not an index", async () => {
  await db.exec("create index docs_hnsw on docs using hnsw (vector vector_l2_ops)")
  expect(await sample(db)).toMatchObject({ lambda_cut: 1 })
  await db.exec("update pg_index set indisvalid = false where indexrelid = 'docs_1_vector_idx'::regclass")
  const taken = await sample(db)
  expect(taken.lambda_cut).toBeCloseTo(0.45, 9)
  expect(taken.witness_words).toContain("docs_1")
  await db.exec("update pg_index set indisvalid = true where indexrelid = 'docs_1_vector_idx'::regclass")
})

test("a plain table is a collection of one leaf", async () => {
  await db.query("select penstock.create_collection('plain', 3)")
  expect(await sample(db, "plain")).toMatchObject({ lambda_cut: 1, state: "normal" })
})
