import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type ExportedRow, verifyExport } from "../../../plv8-src/signing/export.ts"
import { type Database, openDatabase } from "../../support/database.ts"
import { newKey, register, rotateTo, signedNote, storeNote } from "./outside.ts"
import { append, checkpoint, fill, kinds, problems } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 5)
})
afterAll(() => db.close())

/** As a restored backup has it: what was appended since the savepoint never happened here. */
const restore = (): Promise<void> => db.exec("rollback to backup")

test("a restored backup: the lost range is named, and verification says restored, not tampered", async () => {
  await db.exec("begin; savepoint backup")
  const before = await checkpoint(db)
  await append(db)
  await append(db)
  await append(db)
  const lost = await checkpoint(db)
  await restore()

  await append(db, "note", { words: "something else happens here" })
  expect(await kinds(db, lost)).toEqual(["truncated"])
  expect(await db.value("select integrity.declare_epoch('restore', 9, 'disk failure', 7)")).toBe(2)
  await append(db)
  await append(db)
  expect(await kinds(db, lost)).toEqual(["restored"])
  expect(await kinds(db, before)).toEqual([])
  expect(await problems(db)).toEqual([])
  expect(
    await db.query(
      "select epoch, seq::int as seq, kind, restored_to::int as restored_to, lost_from::int as lost_from, lost_to::int as lost_to, reason from integrity.epochs",
    ),
  ).toEqual([{ epoch: 2, seq: 8, kind: "restore", restored_to: 6, lost_from: 7, lost_to: 9, reason: "disk failure" }])
  expect(await db.value("select epoch from integrity.tree_head()")).toBe(2)
  const rows = (await db.query<{ row: string }>("select x::text as row from integrity.export_history() x")).map(
    ({ row }) => JSON.parse(row) as ExportedRow,
  )
  const verdict = verifyExport(rows, { held: lost })
  expect(verdict.problems).toMatchObject([{ problem: "restored" }])
  expect(verdict).toMatchObject({ covered: 0, epochs: [{ epoch: 2, lost_from: 7, lost_to: 9 }] })
  await db.exec("rollback")
})

test("a worker that signed the lost events cannot store its checkpoint here", async () => {
  const witness = newKey()
  await register(db, witness, "checkpoints")
  await rotateTo(db, witness)
  await db.exec("begin; savepoint backup")
  await append(db)
  const lost = await signedNote(db, witness)
  await restore()
  expect((await db.error("select integrity._store_checkpoint($1)", [lost])).code).toBe("22023")
  await restore()
  await append(db, "note", { words: "something else" })
  expect((await db.error("select integrity._store_checkpoint($1)", [lost])).code).toBe("55R04")
  await db.exec("rollback")
  await storeNote(db, await signedNote(db, witness))
  expect(await problems(db)).toEqual([])
})

test("a promotion without loss", async () => {
  await db.exec("begin")
  const size = await db.value<number>("select size::int from integrity.tree_head()")
  await db.query("select integrity.declare_epoch('promotion', $1, 'planned')", [size])
  expect(await db.value("select lost_to < lost_from from integrity.epochs")).toBe(true)
  expect(await problems(db)).toEqual([])
  await db.exec("rollback")
})

test("an epoch that nobody declared is found", async () => {
  await db.exec("begin")
  await db.exec("update integrity._history_head set epoch = 2")
  const seq = await append(db)
  expect(await problems(db)).toContainEqual({ seq, problem: "log" })
  await db.exec("rollback")
})

test.each([
  ["another kind", "select integrity.declare_epoch('repair', 100, 'x')"],
  ["no end", "select integrity.declare_epoch('restore', null, 'x')"],
  ["an end before the beginning", "select integrity.declare_epoch('restore', 1, 'x')"],
  ["a beginning that is to come", "select integrity.declare_epoch('restore', 1000, 'x', 500)"],
  ["no reason", "select integrity.declare_epoch('restore', 100, '')"],
])("%s is refused", async (_, statement) => {
  expect((await db.error(statement)).code).toBe("22023")
})

test("the server that is recorded is this one", async () => {
  expect(
    await db.value(
      "select (system_identifier, timeline) = (recorded_system_identifier, recorded_timeline) from integrity.tree_head()",
    ),
  ).toBe(true)
})
