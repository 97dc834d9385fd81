import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, sample, sampleUntil } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
})
afterAll(async () => db.close())

/* 5000 thin edges with long names from one node: their cut is the minimum, and larger than an event. */
test("a cut of thousands of edges does not keep the transition from being recorded", async () => {
  await db.query("select integrity.add_node('docs', 'gateway', 'fan', 'required')")
  await db.exec(`
    insert into integrity._nodes (collection, id, node_type, name, class, health, hard, error_rate)
      select 'docs', 100 + i, 'gateway', repeat('n', 200) || i, 'degradable', 1, false, 0 from generate_series(1, 5000) i;
    insert into integrity._edges (collection, source, target, edge_type, capacity, class)
      select 'docs', repeat('n', 200) || i, 'this server', 'routing_link', 1, 'degradable' from generate_series(1, 5000) i;
    insert into integrity._edges (collection, source, target, edge_type, capacity, class)
      select 'docs', 'fan', repeat('n', 200) || i, 'routing_link', 0.0001, 'degradable' from generate_series(1, 5000) i;
  `)
  expect(await sample(db)).toMatchObject({ lambda_cut: 1, state: "normal" })
  await db.query("select integrity.report_health('docs', 'fan', 0, hard => true)")
  const taken = await sampleUntil(db, "critical")
  expect(taken.at(-1)?.witness_edges).toHaveLength(5000)
  const [event] = await db.query<{ witness_edge_count: number }>(
    "select witness_edge_count from integrity.history('docs', 'state_change') order by id desc limit 1",
  )
  expect(event?.witness_edge_count).toBe(200)
})
