import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { checkpoint, disarm, fill, problems, takenBack } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 8)
})
afterAll(() => db.close())

const isLong = process.env.PENSTOCK_TEST_LONG === "1"

/** Statements of a superuser, each changing something at or before event 7 in one of these ways. */
const change = (random: () => number): string => {
  const seq = 1 + Math.floor(random() * 7)
  const other = 1 + Math.floor(random() * 9)
  const place = Math.floor(random() * 200)
  const where = `where seq = ${seq}`
  const ways = [
    `update integrity._events set bytes = set_byte(bytes, ${place}, get_byte(bytes, ${place}) # ${1 << Math.floor(random() * 8)}) ${where}`,
    `update integrity._events set signature = set_byte(signature, ${place % 64}, get_byte(signature, ${place % 64}) # 1) ${where}`,
    `update integrity._events set prev = sha256(prev) ${where}`,
    `update integrity._events set type = type || 'x' ${where}`,
    `update integrity._events set collection_id = coalesce(collection_id, 0) + 1 ${where}`,
    `update integrity._events set signature = null, key_id = null ${where}`,
    `update integrity._events set bytes = (select bytes from integrity._events where seq = ${other}), signature = (select signature from integrity._events where seq = ${other}) ${where}`,
    `delete from integrity._events ${where}`,
    `delete from integrity._events where seq >= ${seq}`,
    `insert into integrity._events select log_id, seq + 100, sha256(prev), type, collection_id, key_id, signature, bytes from integrity._events ${where}`,
    `update integrity._events set seq = seq + 100 ${where}`,
  ]
  const way = Math.floor(random() * ways.length)
  return way === 6 && other === seq ? (ways[7] as string) : (ways[way] as string)
}

test(
  "random changes by a superuser are all found against a held checkpoint",
  async () => {
    const held = await checkpoint(db)
    for (let trial = 0; trial < (isLong ? 2000 : 60); trial++) {
      const statement = change(Math.random)
      await takenBack(db, async () => {
        await disarm(db)
        await db.exec(statement)
        const found = await problems(db, { checkpoint: held })
        if (found.length === 0) throw new Error(`trial ${trial} went unnoticed: ${statement}`)
      })
    }
    expect(await problems(db, { checkpoint: held })).toEqual([])
  },
  isLong ? 3_600_000 : 120_000,
)
