import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { checkpoint, disarm, fill, takenBack } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 3)
})
afterAll(() => db.close())

const verify = async (seq: number) => (await db.query("select * from integrity.verify_event($1)", [seq]))[0]

test("an event is signed by a key that says where it is kept", async () => {
  for (const seq of [1, 2, 3, 4]) {
    expect(await verify(seq)).toMatchObject({ is_valid: true, seal: "signed" })
  }
  expect((await verify(2))?.words).toMatch(/key=database.*no checkpoint/)
  await checkpoint(db)
  expect((await verify(2))?.words).toMatch(/key=database.*checkpoint over 4 events/)
})

test.each([
  ["its bytes", "bytes = '\\x00'"],
  ["its signature", "signature = sha512(signature)"],
  ["its type", "type = 'x'"],
  ["its collection", "collection_id = 99"],
  ["its link", "prev = sha256(prev)"],
  ["the signature taken away", "signature = null, key_id = null"],
])("not valid when %s changed", async (_, change) => {
  await takenBack(db, async () => {
    await disarm(db)
    await db.exec(`update integrity._events set ${change} where seq = 3`)
    expect(await verify(3)).toMatchObject({ is_valid: false })
    expect(await verify(1)).toMatchObject({ is_valid: true })
  })
})

test("not valid when a neighbour changed", async () => {
  await takenBack(db, async () => {
    await disarm(db)
    await db.exec("delete from integrity._events where seq = 3")
    expect(await verify(2)).toMatchObject({ is_valid: false })
    expect(await verify(4)).toMatchObject({ is_valid: false })
  })
})

test.each([0, 99, null])("seq %p is 22023", async (seq) => {
  expect((await db.error("select * from integrity.verify_event($1)", [seq])).code).toBe("22023")
})
