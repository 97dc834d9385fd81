import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { append, checkpoint, disarm, fill, kinds, problems, takenBack } from "./support.ts"
import { resign } from "./thief.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 3)
})
afterAll(() => db.close())

const summary = (checkpoint: string | null): Promise<string> =>
  db.value("select words from integrity.verify_history($1) where problem is null", [checkpoint])

test("a history without fault: one row, which says what was checked", async () => {
  expect(await problems(db)).toEqual([])
  expect(await db.value("select count(*)::int from integrity.verify_history()")).toBe(1)
  expect(await summary(null)).toMatch(/4 events.*unanchored/)
  expect(await summary(await checkpoint(db))).toMatch(/vouches for events 1 to 4/)
})

test.each([
  [
    "bytes edited",
    "update integrity._events set bytes = overlay(bytes placing 'critics'::bytea from position('stress'::bytea in bytes) for 6) where seq = 3",
    3,
    "signature",
  ],
  ["bytes that are no event", "update integrity._events set bytes = '\\xff' where seq = 3", 3, "bytes"],
  ["a column edited", "update integrity._events set type = 'sample' where seq = 3", 3, "columns"],
  ["an event deleted", "delete from integrity._events where seq = 3", 4, "missing"],
  [
    "the signature stripped",
    "update integrity._events set signature = null, key_id = null where seq = 3",
    3,
    "columns",
  ],
  ["the tail cut", "delete from integrity._events where seq = 4", null, "head"],
  ["events renumbered", "update integrity._events set seq = 7 - seq where seq in (3, 4)", 3, "columns"],
  ["the head moved", "update integrity._history_head set size = 3", null, "head"],
  [
    "a public key replaced",
    "alter table integrity._signing_keys drop constraint id_is_the_hash; update integrity._signing_keys set public_key = sha256(public_key)",
    null,
    "key",
  ],
  ["a key added", "select integrity._draw_key('events')", null, "key"],
] as const)("%s: found without any checkpoint", async (_, change, seq, problem) => {
  await takenBack(db, async () => {
    await disarm(db)
    await db.exec(
      change.startsWith("update integrity._events set seq")
        ? `alter table integrity._events drop constraint _events_pkey; ${change}`
        : change,
    )
    expect(await problems(db)).toContainEqual({ seq, problem })
  })
})

test("a tail that is cut together with the head is found only by a checkpoint", async () => {
  const held = await checkpoint(db)
  await takenBack(db, async () => {
    await resign(db, (events) => void events.pop())
    expect(await kinds(db)).toEqual([])
    expect(await kinds(db, held)).toEqual(["truncated"])
  })
})

test("the whole chain signed again with the stolen key is found only by a checkpoint", async () => {
  const held = await checkpoint(db)
  await takenBack(db, async () => {
    await resign(db, (events) => {
      events[2] = { ...(events[2] as (typeof events)[0]), body: { words: "Nothing happened." } }
    })
    expect(await db.value("select words from integrity.history('docs') where id = 3 and is_verified")).toBe(
      "Nothing happened.",
    )
    expect(await kinds(db)).toEqual([])
    expect(await kinds(db, held)).toEqual(["checkpoint"])
    expect(await summary(held)).toMatch(/vouches for nothing/)
  })
})

test("what comes after the held checkpoint may be signed again unnoticed, as the documentation says", async () => {
  const held = await checkpoint(db)
  const seq = await append(db, "note", { words: "true" })
  await takenBack(db, async () => {
    await resign(db, (events) => {
      events[seq - 1] = { ...(events[seq - 1] as (typeof events)[0]), body: { words: "false" } }
    })
    expect(await kinds(db, held)).toEqual([])
  })
})

test("a log that was emptied", async () => {
  const held = await checkpoint(db)
  await takenBack(db, async () => {
    await disarm(db)
    await db.exec(
      "delete from integrity._events; delete from integrity._checkpoints; delete from integrity._history_head",
    )
    expect(await kinds(db)).not.toEqual([])
    await db.exec(
      "delete from integrity._database_seeds; delete from integrity._key_uses; delete from integrity._signing_keys",
    )
    expect(await kinds(db)).toEqual([])
    expect(await kinds(db, held)).not.toEqual([])
    await append(db)
    expect(await kinds(db)).toEqual([])
    expect(await kinds(db, held)).not.toEqual([])
  })
})

test("a history longer than one chunk", async () => {
  await takenBack(db, async () => {
    await db.query("select integrity._append_event('note', 'docs', '{}') from generate_series(1, 2100)")
    const held = await checkpoint(db)
    expect(await problems(db, { checkpoint: held, signatures: "checkpoints" })).toEqual([])
    await disarm(db)
    await db.exec("delete from integrity._events where seq in (2000, 2001)")
    expect(await problems(db, { checkpoint: held, signatures: "checkpoints" })).toContainEqual({
      seq: 2002,
      problem: "missing",
    })
  })
})

test("rows that share a number, where the primary key was dropped", async () => {
  await takenBack(db, async () => {
    await disarm(db)
    await db.exec("alter table integrity._events drop constraint _events_pkey, drop constraint _events_log_id_prev_key")
    await db.exec("insert into integrity._events select * from integrity._events where seq = 2")
    expect(await kinds(db)).toContain("order")
  })
})

test("events of another log", async () => {
  await takenBack(db, async () => {
    await disarm(db)
    await db.exec("update integrity._events set log_id = repeat('0', 32) where seq = 3")
    expect(await kinds(db)).not.toEqual([])
  })
})

test("malformed arguments are 22023", async () => {
  expect((await db.error("select * from integrity.verify_history('not a note')")).code).toBe("22023")
  expect((await db.error("select * from integrity.verify_history(signatures => 'some')")).code).toBe("22023")
  expect((await db.error("select * from integrity.verify_history(signatures => null)")).code).toBe("22023")
})

test("a column that says another log is found, of one event or of all", async () => {
  for (const where of ["where seq = (select max(seq) from integrity._events)", ""]) {
    await takenBack(db, async () => {
      await disarm(db)
      await db.exec(`update integrity._events set log_id = repeat('f', 32) ${where}`)
      expect(await kinds(db)).toContain("columns")
    })
  }
})
