import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { fill, takenBack } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 3)
})
afterAll(() => db.close())

const register = "select integrity.register_key(decode($1, 'hex'), 'events')"

test.each([
  ["small order", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"],
  ["mixed order", "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"],
  ["another encoding", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
  ["no point", "0200000000000000000000000000000000000000000000000000000000000000"],
  ["31 bytes", "00".repeat(31)],
  ["nothing", null],
])("a key of %s is refused", async (_, key) => {
  const error = await db.error(register, [key])
  expect(error.code).toBe("22023")
  expect(error.hint).toBeTruthy()
})

test("a good key has the hash of itself as its id, once", async () => {
  const key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
  await takenBack(db, async () => {
    expect(await db.value(register, [key])).toBe(
      await db.value("select encode(sha256(decode($1, 'hex')), 'hex')", [key]),
    )
    expect((await db.error(register, [key])).code).toBe("23505")
  })
})

test("one key for events, one for checkpoints, both labelled and in use", async () => {
  expect(await db.query("select purpose, holder, is_in_use from integrity.signing_keys order by purpose")).toEqual([
    { purpose: "checkpoints", holder: "database", is_in_use: true },
    { purpose: "events", holder: "database", is_in_use: true },
  ])
})

test("seeds are 32 bytes and never the same", async () => {
  const [row] = await db.query(
    "select count(distinct s)::int as different, min(octet_length(s)) as shortest, max(octet_length(s)) as longest from (select integrity._random_seed() as s from generate_series(1, 500)) as seeds",
  )
  expect(row).toEqual({ different: 500, shortest: 32, longest: 32 })
})
