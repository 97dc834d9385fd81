import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

const page = readFileSync(join(process.cwd(), "docs/gates.md"), "utf8")

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

test("the SQL of docs/gates.md runs as it stands, in its order", async () => {
  const blocks = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map((match) => match[1] ?? "")
  expect(blocks.length).toBeGreaterThan(5)
  for (const block of blocks)
    for (const statement of block.split(/;\n/).filter((part) => part.trim() !== "")) await db.query(statement)
  expect(await db.value("select mode from integrity.states where collection = 'docs'")).toBe("enforce")
})

test("the calls in its table for operators run too", async () => {
  const calls = [...page.matchAll(/`(select integrity\.[^`]+)`/g)].map((match) => match[1] ?? "")
  expect(calls.length).toBeGreaterThan(5)
  for (const call of calls.filter((one) => !one.includes("'vector index'"))) await db.query(call)
})

test("every operation that it names is one that gates know", async () => {
  const known = (await db.query<{ operation: string }>("select operation from integrity.operations")).map(
    (row) => row.operation,
  )
  const table = page.slice(page.indexOf("## What passes which gate"), page.indexOf("### An insert is bulk"))
  const named = [...table.matchAll(/\| [^|]+ \| ((?:`[a-z_]+`(?:, )?)+) \|/g)].flatMap((row) =>
    [...(row[1] ?? "").matchAll(/`([a-z_]+)`/g)].map((match) => match[1]),
  )
  expect(named.length).toBeGreaterThan(6)
  for (const operation of named) expect(known).toContain(operation)
})
