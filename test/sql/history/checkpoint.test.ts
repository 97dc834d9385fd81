import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { publicKeyProblem } from "../../../plv8-src/signing/ed25519.ts"
import { openCheckpoint } from "../../../plv8-src/signing/note.ts"
import { append, checkpoint, fill, takenBack } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 3)
})
afterAll(() => db.close())

const keys = async () =>
  (
    await db.query<{ id: string; public_key: string }>(
      "select id, public_key from integrity.signing_keys where purpose = 'checkpoints'",
    )
  ).map(({ id, public_key }) => ({ id, publicKey: new Uint8Array(Buffer.from(public_key, "hex")) }))

test("a signed note over all events, which says key=database and opens outside of the database", async () => {
  const { checkpoint: opened, key } = openCheckpoint(await checkpoint(db), await keys())
  expect(opened.size).toBe(4)
  expect(opened.extensions).toEqual(["key=database"])
  expect(opened.origin).toBe(
    "penstock.integrity/" + (await db.value<string>("select log_id from integrity._history_head")),
  )
  expect(publicKeyProblem(key.publicKey)).toBeUndefined()
  expect(Buffer.from(opened.root).toString("hex")).toBe(
    await db.value("select encode(root, 'hex') from integrity.inclusion_proof(1)"),
  )
})

test("the same history has the same checkpoint, a longer one another", async () => {
  const first = await checkpoint(db)
  expect(await checkpoint(db)).toBe(first)
  await append(db)
  const second = await checkpoint(db)
  expect(second).not.toBe(first)
  expect(await db.value("select array_agg(size::int order by size) from integrity.checkpoints")).toEqual([4, 5])
})

test("a checkpoint of a log that has not begun begins it", async () => {
  await takenBack(db, async () => {
    await db.exec(
      "alter table integrity._events disable trigger all; alter table integrity._checkpoints disable trigger all; alter table integrity._signing_keys disable trigger all",
    )
    await db.exec(
      "delete from integrity._events; delete from integrity._checkpoints; delete from integrity._history_head; delete from integrity._database_seeds; delete from integrity._signing_keys",
    )
    expect((await checkpoint(db)).split("\n")[1]).toBe("1")
  })
})
