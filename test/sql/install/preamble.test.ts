import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { PGlite } from "@electric-sql/pglite"
import { vector } from "@electric-sql/pglite-pgvector"
import { afterEach, expect, test } from "@jest/globals"
import { root } from "../../../build/root.ts"
import { plv8 } from "../../../host/pglite/index.ts"

// What every migration and the installer refuse before they change anything.

let db: PGlite
afterEach(async () => db.close())

const preamble = async (): Promise<unknown> => {
  const sql = await readFile(join(root, "sql/preamble.sql"), "utf8")
  await db.exec("begin")
  try {
    await db.exec(sql)
    return await db.query("select 1")
  } catch (error) {
    await db.exec("rollback")
    throw error
  }
}

const refusal = (code: string, message: string, hint: string) => ({
  code,
  message: expect.stringContaining(message),
  hint: expect.stringContaining(hint),
})

test("a server without pgvector", async () => {
  db = await PGlite.create({ extensions: { plv8 } })
  await expect(preamble()).rejects.toMatchObject(refusal("0A000", "pgvector", "Install the package"))
})

test("a server without the language", async () => {
  db = await PGlite.create({ extensions: { vector } })
  await expect(preamble()).rejects.toMatchObject(refusal("0A000", "language plv8", "Install the package"))
  expect((await db.query("select from pg_extension where extname = 'vector'")).rows).toEqual([])
})

test("pgvector before 0.8, and a role that may not create what is missing", async () => {
  db = await PGlite.create({ extensions: { vector, plv8 } })
  await db.exec("create extension vector; update pg_extension set extversion = '0.7.4' where extname = 'vector'")
  await expect(preamble()).rejects.toMatchObject(refusal("0A000", "0.7.4", "alter extension vector update"))
  await db.exec("update pg_extension set extversion = '0.10.0' where extname = 'vector'")
  await expect(preamble()).resolves.toBeDefined()
  await db.exec("rollback; create role visitor; set role visitor")
  await expect(preamble()).rejects.toMatchObject(refusal("42501", "language plv8", "create extension plv8;"))
})
