import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type ExportedRow, verifyExport } from "../../../plv8-src/signing/export.ts"
import { verifyInclusion } from "../../../plv8-src/signing/merkle-proofs.ts"
import { type Database, openDatabase } from "../../support/database.ts"
import { append, checkpoint, disarm, fill, kinds, problems, takenBack } from "./support.ts"

let db: Database
let early: string
let held: string
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 299)
  early = await checkpoint(db)
  await db.query("select integrity._append_event('note', 'docs', '{}') from generate_series(1, 400)")
  held = await checkpoint(db)
})
afterAll(() => db.close())

const exported = async (): Promise<ExportedRow[]> =>
  (await db.query<{ row: string }>("select x::text as row from integrity.export_history() x")).map(
    ({ row }) => JSON.parse(row) as ExportedRow,
  )

test.each([
  ["beyond the last checkpoint", "select integrity.prune_history(100000, 'x')"],
  ["less than a whole tile", "select integrity.prune_history(255, 'x')"],
  ["nothing", "select integrity.prune_history(null, 'x')"],
  ["without a reason", "select integrity.prune_history(300, ' ')"],
])("%s is refused", async (_, statement) => {
  expect((await db.error(statement)).code).toBe("22023")
})

test("what was pruned is gone but for its hashes, and all proofs hold", async () => {
  const before = await db.query<{ leaf: Uint8Array; root: Uint8Array; path: Uint8Array[] }>(
    "select leaf, root, path from integrity.inclusion_proof(100, 700)",
  )
  await takenBack(db, async () => {
    expect(await db.value("select integrity.prune_history(600, 'five years are over')::int")).toBe(511)
    expect(await db.value("select min(seq)::int from integrity._events where seq > 1")).toBe(513)
    expect(await problems(db)).toEqual([])
    expect(await kinds(db, held)).toEqual([])
    expect(await kinds(db, early)).toEqual([])
    expect(await db.query("select leaf, root, path from integrity.inclusion_proof(100, 700)")).toEqual(before)
    const [proof] = before
    expect(verifyInclusion(proof?.leaf as Uint8Array, 99, 700, proof?.path ?? [], proof?.root as Uint8Array)).toBe(true)
    expect(await db.value("select is_valid from integrity.verify_event(513)")).toBe(true)
    expect(await db.value("select is_valid from integrity.verify_event(1)")).toBe(true)
    expect((await db.error("select * from integrity.verify_event(2)")).code).toBe("22023")
  })
})

test("an export of a pruned history verifies", async () => {
  await takenBack(db, async () => {
    await db.query("select integrity.prune_history(600, 'five years are over')")
    const verdict = verifyExport(await exported(), { held })
    expect(verdict).toMatchObject({ problems: [], removed: 512, covered: 700 })
    const rows = (await exported()).map((row) =>
      row.kind === "removed" && row.seq === 77 ? { ...row, leaf: "00".repeat(32) } : row,
    )
    expect(verifyExport(rows, { held }).problems.length).toBeGreaterThan(0)
  })
})

test("whoever deletes without saying so is found", async () => {
  await takenBack(db, async () => {
    expect((await db.error("delete from integrity._events where seq = 5")).code).toBe("55000")
  })
  await takenBack(db, async () => {
    await db.exec(
      "update integrity._history_head set pruned_through = 256; delete from integrity._events where seq between 2 and 256",
    )
    expect(await kinds(db)).toEqual(["missing"])
    expect(await kinds(db, held)).toEqual(["missing"])
  })
  await takenBack(db, async () => {
    await db.query("select integrity.prune_history(300, 'x')")
    await disarm(db)
    await db.exec(
      "update integrity._tiles set hashes = set_byte(hashes, 4000, get_byte(hashes, 4000) # 1) where index = 0",
    )
    expect(await kinds(db, held)).not.toEqual([])
  })
})

test("pruning again goes on from where it was", async () => {
  await takenBack(db, async () => {
    await db.query("select integrity.prune_history(300, 'first')")
    expect((await db.error("select integrity.prune_history(300, 'again')")).code).toBe("22023")
  })
  await takenBack(db, async () => {
    await db.query("select integrity.prune_history(300, 'first')")
    await db.query("select integrity.prune_history(600, 'second')")
    await append(db)
    expect(await problems(db)).toEqual([])
  })
})
