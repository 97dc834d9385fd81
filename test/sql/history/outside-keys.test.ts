import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { appendSigned, newKey, register, revoke, rotateTo, signedNote, storeNote } from "./outside.ts"
import { append, fill, kinds, problems } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 2)
})
afterAll(() => db.close())

const worker = newKey()
const witness = newKey()
const recovery = newKey()
const seal = (seq: number): Promise<string> => db.value("select seal from integrity.verify_event($1)", [seq])

test("a key is announced, then brought into use, by the old and by the new one", async () => {
  expect(await register(db, recovery, "recovery")).toBe(recovery.id)
  await register(db, worker, "events")
  await register(db, witness, "checkpoints")
  expect(
    await db.query("select id, is_in_use from integrity.signing_keys where holder = 'external' order by purpose"),
  ).toEqual([
    { id: witness.id, is_in_use: false },
    { id: worker.id, is_in_use: false },
    { id: recovery.id, is_in_use: true },
  ])
  await rotateTo(db, worker)
  await rotateTo(db, witness)
  expect(
    await db.value("select count(*)::int from integrity.signing_keys where is_in_use and holder = 'external'"),
  ).toBe(3)
  expect(await problems(db)).toEqual([])
})

test("the worker signs its own events; those of the database carry no signature", async () => {
  const signed = await appendSigned(db, worker, "worker_started", { words: "one of them" })
  const plain = await append(db)
  expect(await seal(signed)).toBe("signed")
  expect(await seal(plain)).toBe("unsealed")
  const note = await signedNote(db, witness)
  await storeNote(db, note)
  await storeNote(db, note)
  expect(await seal(plain)).toBe("sealed")
  expect(await kinds(db, note)).toEqual([])
  expect(note).toContain("key=external")
  expect(await db.value("select integrity.checkpoint()")).toBe(note)
  await append(db)
  expect((await db.error("select integrity.checkpoint()")).code).toBe("55000")
  expect(await db.value("select words from integrity.verify_history() where problem is null")).toMatch(
    / signed, \d+ sealed by a checkpoint, 1 unsealed/,
  )
})

test("what does not continue the log, or is signed by another key, is refused", async () => {
  await expect(appendSigned(db, newKey())).rejects.toMatchObject({ code: "28000" })
  await expect(appendSigned(db, worker, "key_revoked")).rejects.toMatchObject({ code: "22023" })
  const bytes = await db.value<Uint8Array>("select integrity._prepare_event('note', null, '{}')")
  await append(db)
  expect((await db.error("select integrity._append_signed($1, $2)", [bytes, worker.sign(bytes)])).code).toBe("40001")
  expect((await db.error("select integrity._append_signed('\\x00', $1)", [worker.sign(bytes)])).code).toBe("22023")
  const foreign = await signedNote(db, newKey())
  expect((await db.error("select integrity._store_checkpoint($1)", [foreign])).code).toBe("28000")
})

test("a checkpoint over other events says that the history forked", async () => {
  const { signCheckpointBy, originOf } = await import("../../../plv8-src/signing/note.ts")
  const logId = await db.value<string>("select log_id from integrity.tree_head()")
  const over = (size: number) =>
    signCheckpointBy(
      { origin: originOf(logId), size, root: new Uint8Array(32), extensions: [] },
      witness.publicKey,
      witness.sign,
    )
  expect((await db.error("select integrity._store_checkpoint($1)", [over(3)])).code).toBe("55R04")
  expect((await db.error("select integrity._store_checkpoint($1)", [over(1000)])).code).toBe("22023")
})

test("rotation: old events verify after any number of them, and no key comes back", async () => {
  let current = worker
  for (let i = 0; i < 5; i++) {
    const next = newKey()
    await register(db, next, "events")
    await expect(rotateTo(db, next, newKey())).rejects.toMatchObject({ code: "28000" })
    await rotateTo(db, next, current)
    await appendSigned(db, next)
    await expect(appendSigned(db, current)).rejects.toMatchObject({ code: "28000" })
    current = next
  }
  await expect(rotateTo(db, worker, current)).rejects.toMatchObject({ code: "55000" })
  expect(await problems(db)).toEqual([])

  const note = await signedNote(db, witness)
  await storeNote(db, note)
  const after = await appendSigned(db, current)
  expect(await seal(after)).toBe("signed")
  expect((await db.error("select integrity.revoke_key($1, 'x', $2)", [current.id, new Uint8Array(64)])).code).toBe(
    "28000",
  )
  await revoke(db, recovery, current.id, note)
  expect(await seal(after)).toBe("unsealed")
  expect(await problems(db)).toEqual([])
  await expect(appendSigned(db, current)).rejects.toMatchObject({ code: "55000" })
  expect(await seal(await append(db))).toBe("unsealed")

  const fresh = newKey()
  await register(db, fresh, "events")
  await expect(rotateTo(db, fresh, current)).rejects.toMatchObject({ code: "28000" })
  await rotateTo(db, fresh, recovery)
  expect(await seal(await appendSigned(db, fresh))).toBe("signed")
  expect(await problems(db)).toEqual([])
  expect(await kinds(db, note)).toEqual([])
})
