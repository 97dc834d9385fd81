// The names of the fifth source document. usage-examples.sql is its section "Usage Examples", word for word.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { root } from "../../../build/root.ts"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.exec("create table public.items (id text primary key, vector vector(3), metadata jsonb)")
  await db.query("select integrity.install_ruvector()")
  expect(
    await db.value("select ruvector.ruvector_register_collection('embeddings', 'public.items', p_metric => 'cosine')"),
  ).toBe(1)
  await db.query("select ruvector.ruvector_integrity_sample('embeddings')")
  await db.query(
    "select ruvector.ruvector_integrity_override('embeddings', 'stress', 'to have a transition', interval '1 minute')",
  )
  await db.exec("set search_path to ruvector, public")
})
afterAll(() => db.close())

/** Statements without their comments; none of them has a semicolon inside. */
const examples = readFileSync(join(root, "test/fixtures/ruvector/usage-examples.sql"), "utf8")
  .split(";")
  .map((statement) => statement.replace(/^\s*--.*$/gm, "").trim())
  .filter((statement) => statement !== "")

test("there are six examples", () => {
  expect(examples.length).toBe(6)
})

test("every statement of the document runs as it stands", async () => {
  const results: Record<string, unknown>[][] = []
  for (const statement of examples) results.push(await db.query(statement))
  const [status, gate, graph, history, signatures, policy] = results
  expect(status?.[0]?.["ruvector_integrity_status"]).toMatchObject({
    collection: "embeddings",
    state: "stress",
    lambda_cut: 1,
    sample_count: 1,
    policy: { name: "default", threshold_high: 0.8, threshold_low: 0.3 },
  })
  expect(gate?.[0]?.["ruvector_integrity_gate"]).toMatchObject({ allowed: true, response: "reject", state: "stress" })
  const counted = graph?.[0]?.["ruvector_contracted_graph"] as { nodes: object[]; edges: object[] }
  expect(counted).toMatchObject({ node_count: counted.nodes.length, edge_count: counted.edges.length })
  expect(counted.nodes.length).toBeGreaterThan(2)
  expect(Object.keys(history?.[0] ?? { none: 0 })).toEqual(
    history?.length === 0
      ? ["none"]
      : "id event_type previous_state new_state lambda_cut witness_edge_count is_signed is_verified created_at".split(
          " ",
        ),
  )
  expect(signatures?.length).toBeGreaterThan(0)
  expect(signatures?.every(({ signature_valid }) => signature_valid === true)).toBe(true)
  expect(policy?.[0]?.["ruvector_integrity_policy_set"]).toMatchObject({
    name: "custom",
    threshold_high: 0.7,
    threshold_low: 0.2,
    stress_actions: { allow_bulk_insert: false, throttle_inserts_pct: 75, pause_gnn_training: true },
  })
})

test("a policy of the document is what the gate follows", async () => {
  await db.query("select integrity.set_policy('embeddings', 'custom', '{\"mode\": \"enforce\"}')")
  expect(await db.value("select ruvector_integrity_gate('embeddings', 'bulk_insert')")).toMatchObject({
    allowed: false,
    state: "stress",
  })
})

test("what the document answers with JSON is an error here", async () => {
  expect((await db.error("select ruvector_integrity_gate('nowhere', 'insert')")).code).toBe("42704")
  expect((await db.error("select ruvector_integrity_gate('embeddings', 'dance')")).code).toBe("22023")
  expect((await db.error("select ruvector_integrity_status('nowhere')")).code).toBe("42704")
  expect(await db.value("select ruvector_verify_event_signature(999999)")).toBe(null)
})

test.each([
  ["collections", "id, name"],
  ["contracted_graph", "collection_id, node_type, node_id, node_name, node_data, health_score, last_updated"],
  [
    "contracted_edges",
    "id, collection_id, source_type, source_id, target_type, target_id, edge_type, capacity, current_flow, latency_ms, error_rate, created_at, updated_at",
  ],
  ["integrity_state", "collection_id, state, lambda_cut, witness_edges, last_sample, sample_count"],
  ["integrity_policies", "collection_id, name, threshold_high, threshold_low, enabled, priority"],
  [
    "integrity_events",
    "id, collection_id, event_type, previous_state, new_state, lambda_cut, witness_edges, metadata, signature, signer_id, created_at",
  ],
  ["signing_keys", "id, public_key, description, created_at, revoked_at"],
])("the view %s has the columns of the document and rows", async (view, columns) => {
  expect((await db.query(`select ${columns} from ${view}`)).length).toBeGreaterThan(0)
})

test("roles may do what they may do with the functions underneath", async () => {
  await db.exec("set role penstock_user")
  try {
    expect(await db.value("select ruvector_integrity_gate('embeddings', 'search') ->> 'response'")).toBe("allow")
    expect((await db.query("select * from ruvector_integrity_history('embeddings')")).length).toBeGreaterThan(0)
    for (const refused of [
      "select * from integrity_events",
      "select ruvector_integrity_override('embeddings', 'normal', 'x')",
      "select ruvector_integrity_policy_set('embeddings', 'x', '{}')",
      "select integrity.install_ruvector()",
    ]) {
      expect((await db.error(refused)).code).toBe("42501")
    }
  } finally {
    await db.exec("reset role")
  }
})

test("installing again is harmless; a schema of somebody else is left alone", async () => {
  await db.query("select integrity.install_ruvector()")
  await db.exec("drop schema ruvector cascade; create schema ruvector")
  expect((await db.error("select integrity.install_ruvector()")).code).toBe("42710")
})
