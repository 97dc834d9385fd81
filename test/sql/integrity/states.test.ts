import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, sample, sampleUntil } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
})
afterAll(async () => db.close())

const stateEvents = () =>
  db.query<{ previous_state: string; new_state: string }>(
    "select previous_state, new_state from integrity.history('docs', 'state_change') order by id",
  )

/* One story, in order: each test begins where the one before it ended. */
test("a whole collection is normal with lambda_cut exactly 1", async () => {
  expect(await sample(db)).toMatchObject({ state: "normal", lambda_cut: 1, transition: null, samples_taken: 1 })
})

test("a dropped index is stress at the third sample, with the index as witness", async () => {
  await db.exec("drop index docs_hnsw")
  expect((await sample(db)).state).toBe("normal")
  expect((await sample(db)).state).toBe("normal")
  const third = await sample(db)
  expect(third).toMatchObject({ state: "stress", transition: { from: "normal", to: "stress", kind: "measured" } })
  expect(third.lambda_cut).toBeCloseTo(0.45, 9)
  expect(third.witness_edges).toHaveLength(1)
  expect(third.witness_edges[0]).toMatchObject({ source_name: "vector index", target_name: "this server" })
  expect(await db.value("select integrity.explain('docs')")).toContain("no valid vector index on docs_2")
})

test("in stress the gates follow, and building the index is allowed because it is the repair", async () => {
  expect(await db.value("select (integrity.gate('docs', 'bulk_insert')).response")).toBe("reject")
  expect(await db.value("select (integrity.gate('docs', 'index_build')).response")).toBe("allow")
  expect(await db.value("select (integrity.gate('docs', 'index_rebuild')).response")).toBe("defer")
})

test("a detached partition is critical at the second, fresh sample of one call", async () => {
  await db.exec("alter table docs detach partition docs_2")
  const taken = await sample(db)
  expect(taken).toMatchObject({ state: "critical", lambda_cut: 0, samples_taken: 2, transition: { kind: "hard" } })
  expect(taken.witness_words).toContain("docs_2 is detached")
  expect((await db.error("insert into docs (id) values (1000)")).code).toBe("55R01")
})

test("reading and repairing stay possible in critical", async () => {
  await db.exec("select count(*) from docs")
  await db.exec("vacuum docs_1")
  await db.exec("reindex table docs_1")
  await db.exec("alter table docs attach partition docs_2 for values in (2)")
  await db.exec("create index docs_hnsw on docs using hnsw (vector vector_l2_ops)")
})

test("after the repair it recovers one step at a time, each after the hold time", async () => {
  const taken = await sampleUntil(db, "normal")
  const path = taken.flatMap((one) => (one.transition === null ? [] : [one.transition.to]))
  expect(path).toEqual(["stress", "normal"])
  await db.query("insert into docs (id) values (1000)")
})

test("every transition is in the history, signed by its bytes", async () => {
  expect(await stateEvents()).toEqual([
    { previous_state: "normal", new_state: "stress" },
    { previous_state: "stress", new_state: "critical" },
    { previous_state: "critical", new_state: "stress" },
    { previous_state: "stress", new_state: "normal" },
  ])
})

test("status gives the reason in words", async () => {
  expect(await db.value("select integrity.status('docs')")).toMatchObject({
    collection: "docs",
    state: "normal",
    lambda_cut: 1,
    mode: "enforce",
    reason: "every role at full health, lambda_cut 1",
    policy: { name: "default", threshold_high: 0.8, threshold_low: 0.3 },
  })
})

test("a partition detached in normal is critical within two calls", async () => {
  await db.exec("alter table docs detach partition docs_3")
  const taken = await sampleUntil(db, "critical")
  expect(taken.flatMap((one) => (one.transition === null ? [] : [one.transition.to])).at(-1)).toBe("critical")
  expect(taken.length).toBeLessThanOrEqual(2)
})
