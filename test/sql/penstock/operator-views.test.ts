import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { asRole, createRole, dropRoles } from "./roles.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  for (const [name, partitions] of [
    ["single", 0],
    ["parts", 2],
  ] as const) {
    await db.query("select penstock.create_collection($1, 4, partitions => $2)", [name, partitions])
    await db.query(
      "select penstock.upsert_many($1, array_agg(i::text), array_agg(array[i, 1, 2, 3]::vector)) from generate_series(1, 300) i",
      [name],
    )
    await db.exec(`analyze ${name}`)
  }
  await db.query("select pg_stat_force_next_flush()")
})
afterAll(async () => {
  await dropRoles(db)
  await db.close()
})

test("stats adds up table and indexes over the partitions", async () => {
  for (const [name, tables] of [
    ["single", ["single"]],
    ["parts", ["parts_p0", "parts_p1"]],
  ] as const) {
    const [row] = await db.query("select * from penstock.stats($1)", [name])
    const size = (measure: string) =>
      db.value(`select sum(${measure}(t::regclass))::bigint from unnest($1::text[]) t`, [tables])
    expect(row).toEqual({
      row_count: 300,
      table_bytes: await size("pg_table_size"),
      index_bytes: await size("pg_indexes_size"),
      total_bytes: await size("pg_total_relation_size"),
      dimensions: 4,
      metric: "cosine",
      vector_type: "vector",
      index_kind: "hnsw",
      index_usable: true,
    })
  }
})

test("stats and index_use notice that the vector index is gone", async () => {
  await db.exec("begin; drop index single_vector_idx")
  expect(await db.value("select index_usable from penstock.stats('single')")).toBe(false)
  expect(await db.value("select count(*) from penstock.index_use where name = 'single' and kind = 'hnsw'")).toBe(0)
  await db.exec("rollback")
})

test("sizes agrees with stats", async () => {
  expect(
    await db.query(
      "select name, estimated_rows, partitions from penstock.sizes where name in ('single', 'parts') order by name",
    ),
  ).toEqual([
    { name: "parts", estimated_rows: 300, partitions: 2 },
    { name: "single", estimated_rows: 300, partitions: 0 },
  ])
  expect(await db.value("select total_bytes from penstock.sizes where name = 'parts'")).toBe(
    await db.value("select total_bytes from penstock.stats('parts')"),
  )
})

test("index_use shows every index of every partition", async () => {
  expect(
    await db.query("select distinct kind, usable from penstock.index_use where name = 'parts' order by kind"),
  ).toEqual([
    { kind: "btree", usable: true },
    { kind: "gin", usable: true },
    { kind: "hnsw", usable: true },
  ])
})

test("vacuum_state counts dead rows", async () => {
  await db.exec("delete from single where id::int > 200")
  await db.query("select pg_stat_force_next_flush()")
  expect(await db.value("select dead_rows from penstock.vacuum_state where name = 'single'")).toBe(100)
})

test("cache_hits has one row a collection", async () => {
  expect(
    await db.value(
      "select count(*) from penstock.cache_hits where name in ('single', 'parts') and table_blocks_hit > 0",
    ),
  ).toBe(2)
})

test("connections shows this one where the database has sessions at all", async () => {
  const sessions = await db.value(
    "select count(*) from pg_stat_activity where backend_type = 'client backend' and datname = current_database()",
  )
  expect(await db.value("select coalesce(sum(connections), 0)::int from penstock.connections")).toBe(sessions)
})

test("slow_statements is empty without pg_stat_statements, and never an error", async () => {
  const installed = await db.value("select count(*) from pg_extension where extname = 'pg_stat_statements'")
  const statements = await db.value<number>("select count(*) from penstock.slow_statements")
  if (installed === 0) expect(statements).toBe(0)
  else expect(statements).toBeGreaterThanOrEqual(0)
})

test("a plain user may read all of them", async () => {
  const views = ["collections", "connections", "slow_statements", "sizes", "index_use", "cache_hits", "vacuum_state"]
  await asRole(db, await createRole(db, "reader"), async () => {
    for (const view of views) await db.query(`select * from penstock.${view}`)
  })
})

test("a table that was dropped does not break a view", async () => {
  await db.query("select penstock.create_collection('lost', 4)")
  await db.exec("drop table lost")
  for (const view of ["collections", "slow_statements", "sizes", "index_use", "cache_hits", "vacuum_state"]) {
    await db.query(`select * from penstock.${view}`)
  }
  await db.query("select penstock.unregister('lost')")
})
