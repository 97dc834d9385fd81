import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { checkpoint, fill, takenBack } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 3)
})
afterAll(() => db.close())

const tables = ["_events", "_checkpoints", "_signing_keys"]
const changes = (table: string): string[] => [
  `update integrity.${table} set log_id = log_id`.replace(
    "_signing_keys set log_id = log_id",
    "_signing_keys set id = id",
  ),
  `delete from integrity.${table}`,
  `truncate integrity.${table} cascade`,
  `merge into integrity.${table} t using (values (1)) v on true when matched then delete`,
]

test.each(tables.flatMap(changes))("%s: refused even to a superuser", async (statement) => {
  await checkpoint(db)
  const error = await db.error(statement)
  expect(error.code).toBe("55000")
  expect(error.hint).toBeTruthy()
})

test("session_replication_role does not open it", async () => {
  await db.exec("set session_replication_role = replica")
  try {
    for (const table of tables) expect((await db.error(`delete from integrity.${table}`)).code).toBe("55000")
  } finally {
    await db.exec("reset session_replication_role")
  }
})

test("a second event with the same seq or the same prev is refused", async () => {
  for (const columns of [
    "log_id, seq, sha256(prev), type, collection_id, key_id, signature, bytes",
    "log_id, seq + 100, prev, type, collection_id, key_id, signature, bytes",
  ]) {
    await takenBack(db, async () => {
      expect(
        (await db.error(`insert into integrity._events select ${columns} from integrity._events where seq = 2`)).code,
      ).toBe("23505")
    })
  }
})
