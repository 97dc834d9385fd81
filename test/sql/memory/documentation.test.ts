import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

/** Every SQL statement of the pages about the memory runs as it stands. */
let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => {
  await db.exec("drop owned by support_team, alice_app; drop role support_team, alice_app").catch(() => undefined)
  await db.close()
})

const statements = (page: string): string[] =>
  [...readFileSync(join(process.cwd(), "docs", page), "utf8").matchAll(/^```sql\n(.*?)^```$/gms)].flatMap(
    ([, block = ""]) => block.split(/;[ \t]*\n/u).filter((statement) => statement.trim() !== ""),
  )

const run = async (sql: string): Promise<unknown> =>
  db.query(sql).catch((error: unknown) => {
    throw new Error(`${sql}: ${error instanceof Error ? error.message : String(error)}`)
  })

test("memory.md", async () => {
  const all = statements("memory.md")
  expect(all.length).toBeGreaterThan(20)
  for (const sql of all) await run(sql)
  expect(
    await db.value("select content from memory.search('what does the user drink', '[0.8,0.2,0.1,0.1]', 1)"),
  ).toMatch(/tea/)
})

test("memory-how-to.md", async () => {
  for (const role of ["support_team", "alice_app"]) {
    await db.exec(`do $do$ begin create role ${role}; exception when duplicate_object then null; end $do$`)
  }
  const all = statements("memory-how-to.md")
  expect(all.length).toBeGreaterThan(8)
  for (const sql of all) await run(sql)
  expect(await db.value("select count(*) from memory.search('hiking', namespace => 'alice')")).toBe(1)
})
