import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, pin, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
})
afterAll(async () => db.close())

const sentence = (check: string) =>
  db.query<{ ok: boolean; sentence: string }>(
    `select ok, sentence from integrity.health where collection = 'docs' and "check" = $1`,
    [check],
  )

test("health says that nobody has sampled, and then that somebody has", async () => {
  expect(await sentence("sampler")).toEqual([{ ok: false, sentence: expect.stringContaining("Nobody has sampled") }])
  await sample(db)
  expect((await sentence("sampler"))[0]?.sentence).toContain("Sampled 1 times")
})

test("health has one sentence per check, each with a verdict", async () => {
  const rows = await db.query<{ check: string; ok: boolean; sentence: string }>(
    `select "check", ok, sentence from integrity.health`,
  )
  expect(rows.map((row) => row.check).sort()).toEqual(
    expect.arrayContaining(["dead_tuples", "gate", "partition", "protection", "sampler", "vector_index", "xid_age"]),
  )
  for (const row of rows) {
    expect(typeof row.ok).toBe("boolean")
    expect(row.sentence).toMatch(/\S/)
  }
})

test("health names a partition without a gate", async () => {
  expect(await sentence("protection")).toEqual([{ ok: true, sentence: "Every write to its 4 tables passes the gate." }])
  await db.exec("create table docs_4 partition of docs for values in (4)")
  expect(await sentence("protection")).toEqual([{ ok: false, sentence: expect.stringContaining("1 of 5 tables") }])
  await sample(db)
  expect((await sentence("protection"))[0]?.ok).toBe(true)
})

test("health shows an override", async () => {
  await pin(db, "stress")
  expect(await sentence("gate")).toEqual([{ ok: false, sentence: expect.stringContaining("pinned by") }])
  await db.query("select integrity.clear_override('docs', 'done')")
  expect((await sentence("gate"))[0]?.ok).toBe(true)
})

test("states has one row a collection with the reason", async () => {
  const rows = await db.query("select collection, state, mode, policy, reason, kill_switch from integrity.states")
  expect(rows).toEqual([
    {
      collection: "docs",
      state: "normal",
      mode: "enforce",
      policy: "default",
      reason: "every role at full health, lambda_cut 1",
      kill_switch: false,
    },
  ])
})

test("gates has one row per collection and operation", async () => {
  expect(await db.value("select count(*)::int from integrity.gates")).toBe(
    await db.value("select count(*)::int from integrity.operations"),
  )
})
