import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, sample } from "./guarded-collection.ts"

const page = readFileSync(new URL("../../../docs/runbook.md", import.meta.url), "utf8")
const [, section = ""] = /\n(## When a collection is not in state normal\n[^]*?)(?=\n## |$)/u.exec(page) ?? []

let db: Database
beforeAll(async () => {
  db = await openGuarded()
  await sample(db)
})
afterAll(async () => db.close())

test("the SQL of the runbook about states runs as it stands, in its order", async () => {
  const blocks = [...section.matchAll(/```sql\n([^`]*)```/gu)].map((match) => match[1] ?? "")
  expect(blocks.length).toBeGreaterThan(6)
  for (const block of blocks)
    for (const statement of block.split(/;\n/u).filter((part) => part.trim() !== "")) await db.query(statement)
  expect(await db.value("select kill_switch from integrity.states where collection = 'docs'")).toBe(false)
  expect(await db.query("select * from integrity.overrides")).toEqual([])
})

test("so do the first looks of its table", async () => {
  const looks = [...section.matchAll(/\| `(select [^`]+)` \|/gu)].map((match) => match[1] ?? "")
  expect(looks.length).toBeGreaterThan(6)
  for (const look of looks) await db.query(look)
})
