import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { append, disarm, fill, takenBack } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 3)
})
afterAll(() => db.close())

test("the events of a collection, latest first, each checked", async () => {
  const rows = await db.query("select * from integrity.history('docs')")
  expect(rows.map(({ id }) => id)).toEqual([4, 3, 2])
  expect(rows[0]).toMatchObject({
    event_type: "state_change",
    previous_state: "normal",
    new_state: "stress",
    lambda_cut: 0.45,
    witness_edge_count: 1,
    is_signed: true,
    is_verified: true,
    words: "event 3",
  })
  expect(rows[0]?.created_at).toBeTruthy()
})

test("by type, since and limit", async () => {
  await append(db, "override")
  expect(await db.value("select count(*)::int from integrity.history('docs', 'override')")).toBe(1)
  expect(await db.value("select count(*)::int from integrity.history('docs', null, now() + interval '1 day')")).toBe(0)
  expect(await db.value("select count(*)::int from integrity.history('docs', \"limit\" => 2)")).toBe(2)
})

test("NULL for since and limit means everything", async () => {
  expect(
    await db.value("select count(*)::int from integrity.history('docs', null, null, null)"),
  ).toBeGreaterThanOrEqual(3)
})

test("an unknown collection is 42704; one that is gone keeps its history", async () => {
  const error = await db.error("select * from integrity.history('nope')")
  expect(error.code).toBe("42704")
  expect(error.hint).toBeTruthy()
  await takenBack(db, async () => {
    await db.exec("delete from penstock._collections where name = 'docs'")
    expect(await db.value("select count(*)::int from integrity.history('docs')")).toBeGreaterThanOrEqual(3)
  })
})

test("an event with other bytes is shown, but not as verified", async () => {
  await takenBack(db, async () => {
    await disarm(db)
    await db.exec("update integrity._events set bytes = '\\x00' where seq = 3")
    const rows = await db.query("select id, is_signed, is_verified, words from integrity.history('docs') where id = 3")
    expect(rows).toEqual([{ id: 3, is_signed: true, is_verified: false, words: null }])
  })
})

test("since is compared with the moment of each event, to the microsecond", async () => {
  const moments = await db.query<{ id: number; at: string }>(
    "select id::int as id, created_at::text as at from integrity.history('docs', since => null, \"limit\" => null)",
  )
  expect(moments.length).toBeGreaterThan(1)
  for (const { id, at } of moments) {
    const from = (since: string) =>
      db.query<{ id: number }>("select id::int as id from integrity.history('docs', since => $1::timestamptz)", [since])
    expect((await from(at)).map((event) => event.id)).toContain(id)
    const later = await db.value<string>("select ($1::timestamptz + interval '1 microsecond')::text", [at])
    expect((await from(later)).map((event) => event.id)).not.toContain(id)
  }
  for (const [since, count] of [
    ["-infinity", moments.length],
    ["1970-01-01", moments.length],
    ["infinity", 0],
  ] as const) {
    expect(
      await db.value(
        "select count(*)::int from integrity.history('docs', since => $1::timestamptz, \"limit\" => null)",
        [since],
      ),
    ).toBe(count)
  }
})
