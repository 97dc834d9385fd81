// A history of many pages: verified in constant memory, cancelled where one asks for it.
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { fillHistory } from "../../support/long-history.ts"
import { verifyConsistency, verifyInclusion } from "../../../plv8-src/signing/merkle-proofs.ts"
import { disarm, problems, takenBack } from "./support.ts"

const isLong = process.env.PENSTOCK_TEST_LONG === "1" && process.env.DATABASE_URL !== undefined
const size = isLong ? 1_000_000 : 10_000

let db: Database
let held: string
beforeAll(async () => {
  db = await openDatabase()
  held = await fillHistory(db, { size, body: { words: "one of many" }, signed: false })
}, 1_800_000)
afterAll(() => db.close())

test("verifies, and a change anywhere is found", async () => {
  expect(await problems(db, { checkpoint: held, signatures: "checkpoints" })).toEqual([])
  for (const seq of [2, 2048, 2049, size - 1]) {
    await takenBack(db, async () => {
      await disarm(db)
      await db.query(
        "update integrity._events set bytes = set_byte(bytes, 50, get_byte(bytes, 50) # 1) where seq = $1",
        [seq],
      )
      const found = await problems(db, { checkpoint: held, signatures: "checkpoints" })
      // At the event, if its bytes are none any more; else where the next one does not continue it.
      expect(found.some((problem) => problem.seq === seq || problem.seq === seq + 1)).toBe(true)
    })
  }
}, 1_800_000)

test("proofs over the whole", async () => {
  const [head] = await db.query<{ root: Uint8Array }>("select root from integrity.tree_head()")
  const root = head?.root as Uint8Array
  for (const seq of [1, 255, 256, 257, 4097, size]) {
    const [inclusion] = await db.query<{ leaf: Uint8Array; path: Uint8Array[] }>(
      "select leaf, path from integrity.inclusion_proof($1)",
      [seq],
    )
    expect(verifyInclusion(inclusion?.leaf as Uint8Array, seq - 1, size, inclusion?.path ?? [], root)).toBe(true)
    const [consistency] = await db.query<{ first_root: Uint8Array; path: Uint8Array[] }>(
      "select first_root, path from integrity.consistency_proof($1)",
      [seq],
    )
    expect(verifyConsistency(seq, size, consistency?.first_root as Uint8Array, root, consistency?.path ?? [])).toBe(
      true,
    )
  }
})

const onServer = process.env.DATABASE_URL === undefined ? test.skip : test
onServer(
  "a timeout ends the verification, and the session goes on (the embedded database has no timeouts)",
  async () => {
    await db.exec("set statement_timeout = '5ms'")
    const failure = await db.error("select * from integrity.verify_history()")
    await db.exec("reset statement_timeout")
    expect(failure.code).toBe("57014")
    expect(await problems(db, { checkpoint: held, signatures: "checkpoints" })).toEqual([])
  },
)
