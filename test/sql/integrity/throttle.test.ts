import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin } from "./guarded-collection.ts"

let db: Database
const long = process.env["PENSTOCK_TEST_LONG"] === "1"

beforeAll(async () => {
  db = await openGuarded()
  await pin(db, "stress")
})
afterAll(async () => db.close())

/** Refusals among statements that each have a draw of their own and change nothing. */
const refusals = async (sql: string, draws: number): Promise<number> => {
  let refused = 0
  for (let draw = 0; draw < draws; draw++) {
    try {
      await db.query(sql)
    } catch (error) {
      expect((error as { code: string }).code).toBe("53R01")
      refused++
    }
  }
  return refused
}

/**
 * The share of refusals: of 1500 draws when that is within 50 +- 3 %, else of 12,000, where
 * chance alone leaves those bounds once in ten billion runs.
 */
const refusedShare = async (sql: string): Promise<number> => {
  const few = long ? 20_000 : 1500
  const refused = await refusals(sql, few)
  if (Math.abs(refused / few - 0.5) < 0.03) return refused / few
  return (refused + (await refusals(sql, 7 * few))) / (8 * few)
}

test.each([
  ["single inserts", "insert into docs (id) select 900 where false"],
  [
    "upserts, where INSERT and UPDATE both draw",
    "insert into docs (id) select 900 where false on conflict (id, part) do update set metadata = '{}'",
  ],
  ["TRUNCATE, which asks once per partition", "truncate docs"],
  [
    "MERGE, which asks for each of its actions",
    `merge into docs d using (select 900 where false) as s (id) on d.id = s.id
     when matched then update set metadata = '{}' when not matched then insert (id) values (s.id)`,
  ],
])("a throttle of 50 %% refuses half of %s", async (_what, sql) => {
  const share = await refusedShare(sql)
  expect(share).toBeGreaterThan(0.47)
  expect(share).toBeLessThan(0.53)
})

test("one top-level statement sees one draw: all of its inserts pass or none does", async () => {
  const passed = new Set<number>()
  for (let attempt = 0; attempt < 60; attempt++) {
    await db.query("begin")
    await db.exec(`do $do$
      declare passed int := 0;
      begin
        for i in 1 .. 20 loop
          begin
            insert into docs (id) values (900 + i);
            passed := passed + 1;
          exception when sqlstate '53R01' then null;
          end;
        end loop;
        perform set_config('test.passed', passed::text, true);
      end $do$`)
    passed.add(Number(await db.value("select current_setting('test.passed')")))
    await db.query("rollback")
  }
  expect([...passed].sort((a, b) => a - b)).toEqual([0, 20])
})

test("the extremes are certain: 0 never refuses, 100 always does", async () => {
  const setPct = (pct: number) =>
    db.query("select integrity.set_policy('docs', 'default', $1)", [
      JSON.stringify({ stress_actions: { throttle_inserts_pct: pct } }),
    ])
  await setPct(0)
  for (let draw = 0; draw < 100; draw++) expect(await outcome(db, "insert into docs (id) values (900)")).toBe("ok")
  await setPct(100)
  for (let draw = 0; draw < 100; draw++) expect(await outcome(db, "insert into docs (id) values (900)")).toBe("53R01")
  await setPct(50)
})

test("the refusal carries when to retry, for a program and for people", async () => {
  const setPct = JSON.stringify({ stress_actions: { throttle_inserts_pct: 100 } })
  await db.query("select integrity.set_policy('docs', 'default', $1)", [setPct])
  const refused = await db.error("insert into docs (id) values (900)")
  expect(JSON.parse(refused.detail ?? "")).toMatchObject({ operation: "insert", retry_after: 1 })
  expect(refused.hint).toContain("retry the whole transaction")
})
