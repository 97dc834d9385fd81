import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

interface Statement {
  sql: string
  /** SQLSTATE that the page promises after the statement. */
  error: string | undefined
}

const page = readFileSync(join(process.cwd(), "docs/collections.md"), "utf8")
const statements: Statement[] = [...page.matchAll(/^```sql\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
  [...block.matchAll(/(.+?);[ \t]*(?:-- ERROR (\w{5}))?\n/gs)].map(([, sql = "", error]) => ({
    sql: sql.trim(),
    error,
  })),
)

test("the page has statements", () => {
  expect(statements.length).toBeGreaterThan(30)
})

test("every statement of the page does what the page says", async () => {
  for (const { sql, error } of statements) {
    const outcome = await db.query(sql).then(
      () => undefined,
      (failure: unknown) => (failure as { code?: string }).code ?? failure,
    )
    expect([sql, outcome]).toEqual([sql, error])
  }
})

test("the printed result is the real one", async () => {
  await db.query("select penstock.create_collection('sample', 3)")
  await db.query(
    `select penstock.upsert_many('sample', '{intro,guide,archive}', '{"[0.9,0.1,0]","[0.8,0.2,0.1]","[0,0.2,0.9]"}')`,
  )
  const printed = [...page.matchAll(/^ (\w+) \| +([\d.]+) \| +([\d.]+) \| en$/gm)].map(
    ([, id, distance, similarity]) => [id, distance, similarity],
  )
  const rows = await db.query<{ id: string; distance: number; similarity: number }>(
    "select id, distance, similarity from penstock.search('sample', '[1,0,0]', 2)",
  )
  expect(rows.map((row) => [row.id, row.distance.toFixed(3), row.similarity.toFixed(3)])).toEqual(printed)
})
