import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { parseDot } from "../../unit/integrity/dot-grammar.ts"
import { parseMermaid } from "../../unit/integrity/mermaid-grammar.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.query("select penstock.create_collection('docs', 3)")
})
afterAll(async () => db.close())

const hostile = ['"; drop table docs; --', "back\\slash\\", "<b>bold</b>", "end", "`tick` | pipe ] --> x", "第二 💧"]

test("names of any kind are drawn as they are", async () => {
  for (const name of hostile) await db.query("select integrity.add_node('docs', 'gateway', $1)", [name])
  await db.query("select integrity.add_edge('docs', $1, $2, 'routing_link')", [hostile[0], hostile[1]])
  await db.query("select integrity.sample('docs')")
  const dot = parseDot(await db.value<string>("select integrity.graph_dot('docs')"))
  const dotNames = [...dot.nodes.values()].map((attributes) => attributes.get("label")?.split("\n")[0])
  expect(dotNames).toEqual(expect.arrayContaining(hostile))
  const mermaid = parseMermaid(await db.value<string>("select integrity.graph_mermaid('docs')"))
  const names = [...mermaid.nodes.values()].map(({ label }) => label.split("\n")[0])
  expect(names).toEqual(expect.arrayContaining(hostile))
  expect(mermaid.edges).toHaveLength(dot.edges.length)
})
