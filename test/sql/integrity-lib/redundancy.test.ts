import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.query("select penstock.create_collection('docs', 3)")
})
afterAll(async () => db.close())

/** The statements of docs/integrity.md that add a ring of services. */
const documentedRing = (): string => {
  const page = readFileSync(new URL("../../../docs/integrity.md", import.meta.url), "utf8")
  return /```sql\n(select integrity\.add_node[^`]*)```/u.exec(page)?.[1] ?? ""
}

const lose = (embedder: string) =>
  db.query("select integrity.report_edge('docs', 'queue', $1, 'routing_link', 0, true)", [embedder])

interface Sampled {
  state: string
  lambda_cut: number
  witness_edges: { capacity: number }[]
}
const sample = () => db.value<Sampled>("select integrity.sample('docs')")

test("the documented ring survives the loss of one link and not of two", async () => {
  await db.exec(documentedRing())
  expect(await sample()).toMatchObject({ state: "normal", lambda_cut: 1 })
  await lose("embedder a")
  expect(await sample()).toMatchObject({ state: "normal", lambda_cut: 1 })
  expect(await db.value("select integrity.explain('docs')")).toContain("another way holds")
  await lose("embedder b")
  const cutOff = await sample()
  expect(cutOff).toMatchObject({ state: "critical", lambda_cut: 0 })
  expect(cutOff.witness_edges.map((edge) => edge.capacity)).toEqual([0, 0])
  expect(await db.value("select integrity.what_if('docs', 'queue', 0.5) #>> '{after,state}'")).toBe("critical")
})
