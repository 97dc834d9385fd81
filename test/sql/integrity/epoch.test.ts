import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
})
afterAll(async () => db.close())

const insert = "insert into docs (id) values (900)"
const published = () => db.value<string>("select pg_sequence_last_value(epoch_sequence)::text from integrity._states")

test("each compilation is published at its commit, and not before", async () => {
  const before = await published()
  await db.query("begin")
  await pin(db, "critical")
  /* Only the bit that lets writes trust the sequence alone may be gone before the commit. */
  expect(Number(await published()) | 4).toBe(Number(before) | 4)
  await db.query("commit")
  expect(Number(await published())).toBeGreaterThan(Number(before))
  await pin(db, "normal")
})

/* What a transaction sees whose snapshot is older than a transition: the sequence is ahead of its rows. */
const moveAhead = () =>
  db.query(
    "select setval(epoch_sequence, (((pg_sequence_last_value(epoch_sequence) >> 3) + 1) << 3) + 1) from integrity._states",
  )

test("a snapshot older than the gates in force is sent away with 40001", async () => {
  await pin(db, "critical")
  await moveAhead()
  expect(await outcome(db, insert)).toBe("40001")
  expect(await outcome(db, "select integrity.gate('docs', 'insert')")).toBe("40001")
  expect(await outcome(db, "select integrity.enter('docs', 'search')")).toBe("40001")
  expect((await db.error(insert)).hint).toBe("Retry the transaction.")
})

test("an epoch that was published by a transaction that failed is repaired by the next sample", async () => {
  await sample(db)
  expect(await outcome(db, insert)).toBe("55R01")
})

test("a transaction that rolled back left the gates as they were", async () => {
  await pin(db, "normal")
  await db.query("begin")
  await pin(db, "stress")
  await db.query("rollback")
  expect(await outcome(db, insert)).toBe("ok")
  await sample(db)
  expect(await db.value("select pg_sequence_last_value(epoch_sequence) = published from integrity._states")).toBe(true)
})

test("in observe a stale snapshot is no reason to refuse", async () => {
  await db.query("select integrity.protect('docs', 'observe')")
  await pin(db, "critical")
  expect(await outcome(db, insert)).toBe("ok")
})
