import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { type ExportedRow, verifyExport } from "../../../plv8-src/signing/export.ts"
import { append, checkpoint, disarm, fill, takenBack } from "./support.ts"
import { resign } from "./thief.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 3)
})
afterAll(() => db.close())

/** Through text, as a file of JSON Lines would carry it. */
const exported = async () => {
  const lines = await db.query<{ line: string }>("select x::text as line from integrity.export_history() x")
  return lines.map(({ line }) => JSON.parse(line) as ExportedRow)
}

test("an export is verified without the server, every signature included", async () => {
  const held = await checkpoint(db)
  await append(db)
  expect(verifyExport(await exported(), { held })).toMatchObject({ problems: [], events: 5, signed: 5, covered: 4 })
  expect(verifyExport(await exported())).toMatchObject({ problems: [], events: 5, covered: 0, sealed_to: 4 })
})

test("an export of a tampered log does not verify", async () => {
  await takenBack(db, async () => {
    await disarm(db)
    await db.exec("update integrity._events set collection_id = 9 where seq = 2")
    expect(verifyExport(await exported()).problems).toMatchObject([{ seq: 2, problem: "columns" }])
  })
})

test("an export of a log that was signed again does not fit the held checkpoint", async () => {
  const held = await checkpoint(db)
  await takenBack(db, async () => {
    await resign(db, (events) => void events.splice(2, 1))
    expect(verifyExport(await exported()).problems).toEqual([])
    expect(verifyExport(await exported(), { held })).toMatchObject({ covered: 0, problems: [{ problem: "truncated" }] })
  })
})

test("rows of another kind are refused", () => {
  const surprise = [{ kind: "log", log_id: "0".repeat(32) }, { kind: "surprise" }] as unknown as ExportedRow[]
  expect(() => verifyExport(surprise)).toThrow(expect.objectContaining({ code: "22023" }))
  expect(() => verifyExport([])).toThrow(expect.objectContaining({ code: "22023" }))
})
