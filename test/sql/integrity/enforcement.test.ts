import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
  await db.query("copy (select 900, 1) to '/tmp/penstock-one-row'")
  await db.exec(`
    create view public.docs_view as select id, part, metadata from public.docs;
    create table public.docs_4 partition of public.docs for values in (4);
  `)
  await db.query("select integrity.protect('docs')")
})
afterAll(async () => db.close())

/** Real statements, and the operation that each of them is. */
const statements: readonly (readonly [string, string])[] = [
  ["insert", "insert into docs (id) values (900)"],
  ["insert", "insert into docs_1 (id) values (900)"],
  ["insert", "insert into docs_4 (id, part) values (900, 4)"],
  ["insert", "insert into docs_view (id, part) values (900, 1)"],
  ["insert", "insert into docs (id) select 900 where false"],
  ["insert", "copy docs (id, part) from '/tmp/penstock-one-row'"],
  ["update", "update docs set metadata = '{}'"],
  ["update", "update docs_2 set metadata = '{}' where false"],
  ["update", "update docs_view set metadata = '{}'"],
  ["update", "insert into docs (id) values (900) on conflict (id, part) do update set metadata = '{}'"],
  ["delete", "delete from docs"],
  ["delete", "delete from only docs where false"],
  ["delete", "delete from docs_3 where id = 2"],
  ["bulk_delete", "truncate docs"],
  ["bulk_delete", "truncate docs_2"],
  [
    "update",
    "merge into docs d using (values (1)) as s (id) on d.id = s.id when matched then update set metadata = '{}'",
  ],
  ["delete", "merge into docs d using (values (1)) as s (id) on d.id = s.id when matched then delete"],
  [
    "insert",
    "merge into docs d using (values (900)) as s (id) on d.id = s.id when not matched then insert (id) values (s.id)",
  ],
]

/** What a statement of that operation meets, by hand: the default policy without its throttles. */
const expected: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  normal: { insert: "ok", update: "ok", delete: "ok", bulk_delete: "ok" },
  stress: { insert: "53R01", update: "53R01", delete: "ok", bulk_delete: "53R01" },
  critical: { insert: "55R01", update: "55R01", delete: "55R01", bulk_delete: "55R01" },
}

describe.each(["normal", "critical"] as const)("state %s", (state) => {
  beforeAll(async () => pin(db, state))

  test.each(statements)("mode enforce: %s: %s", async (operation, sql) => {
    expect(await outcome(db, sql)).toBe(expected[state]?.[operation])
  })

  test("mode observe refuses none of them, and counts those that enforce would refuse", async () => {
    const total = () => db.value<number>("select coalesce(sum(total), 0)::int from integrity.last_refusals")
    await db.query("select integrity.protect('docs', 'observe')")
    try {
      const before = await total()
      for (const [, sql] of statements) expect([sql, await outcome(db, sql)]).toEqual([sql, "ok"])
      const added = (await total()) - before
      if (state === "normal") expect(added).toBe(0)
      else expect(added).toBeGreaterThanOrEqual(statements.length)
    } finally {
      await db.query("select integrity.protect('docs', 'enforce')")
    }
  })

  test("mode off refuses none of them and counts nothing", async () => {
    await db.query("select integrity.protect('docs', 'off')")
    try {
      const before = await db.query("select * from integrity.last_refusals order by operation")
      for (const [, sql] of statements) expect([sql, await outcome(db, sql)]).toEqual([sql, "ok"])
      expect(await db.query("select * from integrity.last_refusals order by operation")).toEqual(before)
    } finally {
      await db.query("select integrity.protect('docs', 'enforce')")
    }
  })
})

describe("state stress, where the gate draws", () => {
  beforeAll(async () => pin(db, "stress"))

  test.each(statements)("mode enforce: %s: %s", async (operation, sql) => {
    const seen = new Set<string>()
    const wanted = expected["stress"]?.[operation] === "ok" ? ["ok"] : ["53R01", "ok"]
    for (let draw = 0; draw < 200 && seen.size < wanted.length; draw++) seen.add(await outcome(db, sql))
    expect([...seen].sort()).toEqual(wanted)
  })
})

describe("reads are gated by the functions that read", () => {
  test("a plain SELECT passes in every state", async () => {
    await pin(db, "critical")
    expect(await outcome(db, "select count(*) from docs")).toBe("ok")
  })
})
