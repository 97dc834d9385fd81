import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
  await db.query("select integrity.set_policy('docs', 'default', $1)", [
    JSON.stringify({ stress_actions: { throttle_inserts_pct: 0, allow_update: true } }),
  ])
})
afterAll(async () => db.close())

const rows = (count: number, from = 1000) => `select i, 1 + i % 3 from generate_series(${from}, ${from + count - 1}) i`
const batchTriggers = () =>
  db.value<number>("select count(*)::int from pg_trigger where tgname = '_001_penstock_batch'")

test("in normal there is no row trigger and a large insert passes", async () => {
  expect(await batchTriggers()).toBe(0)
  expect(await outcome(db, `insert into docs (id, part) ${rows(500)}`)).toBe("ok")
})

describe("in stress, with max_insert_batch_size 100", () => {
  beforeAll(async () => pin(db, "stress"))

  test("the row trigger is on the root and on every leaf", async () => {
    expect(await batchTriggers()).toBe(4)
  })

  test.each([
    ["100 rows", `insert into docs (id, part) ${rows(100)}`, "ok"],
    ["101 rows", `insert into docs (id, part) ${rows(101)}`, "55R02"],
    ["100 rows straight into a leaf", `insert into docs_1 (id) select i from generate_series(1000, 1099) i`, "ok"],
    ["101 rows straight into a leaf", `insert into docs_1 (id) select i from generate_series(1000, 1100) i`, "55R02"],
    ["101 rows, ON CONFLICT DO NOTHING", `insert into docs (id, part) ${rows(101)} on conflict do nothing`, "55R02"],
    [
      "101 rows, ON CONFLICT DO UPDATE",
      `insert into docs (id, part) ${rows(101)} on conflict (id, part) do update set metadata = '{}'`,
      "55R02",
    ],
    [
      "100 rows, ON CONFLICT DO UPDATE",
      `insert into docs (id, part) ${rows(100)} on conflict (id, part) do update set metadata = '{}'`,
      "ok",
    ],
    [
      "101 rows by MERGE",
      `merge into docs d using (${rows(101)}) as s (id, part) on d.id = s.id and d.part = s.part
       when not matched then insert (id, part) values (s.id, s.part)`,
      "55R02",
    ],
    [
      "101 rows in two inserts of one statement",
      `with first as (insert into docs (id, part) ${rows(60)} returning id)
       insert into docs (id, part) ${rows(41, 5000)}`,
      "55R02",
    ],
    ["updating 30 rows", "update docs set metadata = '{}'", "ok"],
  ])("%s", async (_what, statement, expected) => {
    expect(await outcome(db, statement)).toBe(expected)
  })

  test("the refusal names the limit and the next step", async () => {
    const refused = await db.error(`insert into docs (id, part) ${rows(101)}`)
    expect(refused.hint).toContain("at most 100 rows")
    expect(JSON.parse(refused.detail ?? "")).toMatchObject({ operation: "bulk_insert", state: "stress" })
  })

  test("each statement has a count of its own, in one transaction and in one function", async () => {
    await db.query("begin")
    for (let start = 1000; start < 1400; start += 100) await db.query(`insert into docs (id, part) ${rows(100, start)}`)
    await db.query("rollback")
    expect(
      await outcome(
        db,
        `do $do$ begin for i in 1 .. 300 loop insert into docs (id) values (2000 + i); end loop; end $do$`,
      ),
    ).toBe("ok")
  })

  test("rows that an UPDATE moves between partitions are counted as inserted, from zero", async () => {
    await db.query("begin")
    try {
      await db.query(`insert into docs (id, part) ${rows(90)}`)
      await db.query("update docs set part = 1 + part % 3 where id < 31")
      await db.query(`insert into docs (id, part) ${rows(90, 3000)}`)
      expect((await db.error("update docs set part = 1 + part % 3")).code).toBe("55R02")
    } finally {
      await db.query("rollback")
    }
  })

  test("COPY is counted like an insert", async () => {
    await db.query(`copy (${rows(101)}) to '/tmp/penstock-batch-101'`)
    await db.query(`copy (${rows(100)}) to '/tmp/penstock-batch-100'`)
    expect(await outcome(db, "copy docs (id, part) from '/tmp/penstock-batch-101'")).toBe("55R02")
    expect(await outcome(db, "copy docs (id, part) from '/tmp/penstock-batch-100'")).toBe("ok")
  })

  test("a refused batch is counted, and observe counts without refusing", async () => {
    const total = () =>
      db.value<number>(
        "select total::int from integrity.last_refusals where collection = 'docs' and operation = 'bulk_insert'",
      )
    const before = await total()
    await outcome(db, `insert into docs (id, part) ${rows(101)}`)
    expect(await total()).toBe(before + 1)
    await db.query("select integrity.protect('docs', 'observe')")
    expect(await outcome(db, `insert into docs (id, part) ${rows(400)}`)).toBe("ok")
    expect(await total()).toBe(before + 2)
    await db.query("select integrity.protect('docs', 'enforce')")
  })
})

describe("in stress, without max_insert_batch_size", () => {
  beforeAll(async () => {
    await db.query("select integrity.set_policy('docs', 'default', $1)", [
      JSON.stringify({
        stress_actions: { throttle_inserts_pct: 0, max_insert_batch_size: null, allow_bulk_insert: false },
      }),
    ])
  })

  test("null puts the limit back to its default, so the default of stress still holds", async () => {
    expect(await outcome(db, `insert into docs (id, part) ${rows(101)}`)).toBe("55R02")
  })
})

describe("in critical, with single inserts allowed and bulk inserts not", () => {
  beforeAll(async () => {
    await db.query("select integrity.set_policy('docs', 'default', $1)", [
      JSON.stringify({ critical_actions: { throttle_inserts_pct: 0, allow_single_insert: true } }),
    ])
    await pin(db, "critical")
  })

  test("one row passes, the second row is a bulk insert and rejected", async () => {
    expect(await outcome(db, "insert into docs (id) values (1000)")).toBe("ok")
    expect(await outcome(db, "insert into docs (id) values (1000), (1001)")).toBe("55R01")
    expect(await outcome(db, "insert into docs_2 (id, part) values (1000, 2), (1001, 2)")).toBe("55R01")
  })
})

test("back in normal the row trigger is gone", async () => {
  await pin(db, "normal")
  expect(await batchTriggers()).toBe(0)
  expect(await outcome(db, `insert into docs (id, part) ${rows(500)}`)).toBe("ok")
})
