import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded("observe")
})
afterAll(async () => db.close())

interface Picture {
  nodes: { type: string; id: number; name: string; health: number }[]
  edges: { source: string; target: string; type: string; capacity: number; error_rate: number; witness?: boolean }[]
  node_count: number
  edge_count: number
}
const graph = () => db.value<Picture>("select integrity.contracted_graph('docs')")

test("before the first sample the graph is measured for the question", async () => {
  const picture = await graph()
  expect(picture.node_count).toBe(picture.nodes.length)
  expect(picture.edge_count).toBe(picture.edges.length)
  const names = picture.nodes.map((node) => node.name)
  expect(names).toEqual(expect.arrayContaining(["partitions", "this server", "vacuum", "vector index"]))
  expect(Object.keys(picture.edges[0] ?? {})).toEqual(
    expect.arrayContaining(["source", "target", "type", "capacity", "error_rate"]),
  )
})

test("an added node hangs from this server and lowers lambda_cut when it reports trouble", async () => {
  expect(
    await db.value("select integrity.add_node('docs', 'gateway', 'embedder', node_data => '{\"url\": \"x\"}')::int"),
  ).toBe(1)
  expect(await sample(db)).toMatchObject({ lambda_cut: 1 })
  expect((await graph()).nodes.find((node) => node.name === "embedder")?.id).toBe(1_000_001)
  await db.query("select integrity.report_health('docs', 'embedder', 0.5, note => 'half of the calls fail')")
  const taken = await sample(db)
  expect(taken.lambda_cut).toBeCloseTo(0.45 + 0.55 * 0.5, 9)
  expect(taken.witness_words).toContain("half of the calls fail")
})

test("only a hard report about a required node makes the state critical", async () => {
  await db.query("select integrity.add_node('docs', 'shard', 'ledger', 'required')")
  await db.query("select integrity.report_health('docs', 'ledger', 0)")
  expect((await sample(db)).lambda_cut).toBeCloseTo(0.45, 9)
  await db.query("select integrity.report_health('docs', 'ledger', 0, hard => true)")
  expect(await sample(db)).toMatchObject({ lambda_cut: 0, state: "critical" })
  await db.query("select integrity.remove_node('docs', 'ledger')")
  await db.query("select integrity.report_health('docs', 'embedder', 1)")
  expect(await sample(db)).toMatchObject({ lambda_cut: 1 })
})

test("with redundancy the minimum cut is not the weakest edge", async () => {
  for (const shard of ["north", "south", "west"]) {
    await db.query("select integrity.add_node('docs', 'shard', $1)", [shard])
    await db.query("select integrity.add_edge('docs', $1, 'this server', 'partition_link', 2)", [shard])
  }
  for (const [a, b] of [
    ["north", "south"],
    ["south", "west"],
    ["west", "north"],
  ])
    await db.query("select integrity.add_edge('docs', $1, $2, 'partition_link', 1)", [a, b])
  expect(await sample(db)).toMatchObject({ lambda_cut: 1 })

  await db.query("select integrity.report_edge('docs', 'north', 'this server', 'partition_link', 0, error_rate => 0.1)")
  const taken = await sample(db)
  const weakest = Math.min(...(await graph()).edges.map((edge) => edge.capacity))
  expect(weakest).toBeCloseTo(0.9, 9)
  expect(taken.lambda_cut).toBe(1)
  expect(taken.witness_edges).toHaveLength(1)
})

test("what_if answers for nodes, members and healths without changing anything", async () => {
  const before = await db.query("select * from integrity.states")
  expect(await db.value("select integrity.what_if('docs', 'docs_2')")).toMatchObject({
    after: { state: "critical", lambda_cut: 0 },
  })
  expect(await db.value("select integrity.what_if('docs', 'embedder', 0.5)")).toMatchObject({
    after: { state: "stress" },
  })
  expect(await db.query("select * from integrity.states")).toEqual(before)
  expect((await db.error("select integrity.what_if('docs', 'nothing of that name')")).code).toBe("42704")
  expect((await db.error("select integrity.what_if('docs', 'embedder', 2)")).code).toBe("22023")
})

test("the pictures draw every node", async () => {
  const dot = await db.value<string>("select integrity.graph_dot('docs')")
  const mermaid = await db.value<string>("select integrity.graph_mermaid('docs')")
  for (const { name } of (await graph()).nodes) {
    expect(dot).toContain(name)
    expect(mermaid).toContain(name)
  }
})

test("removing takes the edges along", async () => {
  await db.query("select integrity.remove_edge('docs', 'north', 'south', 'partition_link')")
  for (const name of ["north", "south", "west", "embedder"])
    await db.query("select integrity.remove_node('docs', $1)", [name])
  expect(await db.value("select count(*)::int from integrity._edges")).toBe(0)
  expect(await sample(db)).toMatchObject({ lambda_cut: 1 })
})

test.each([
  ["22023", "select integrity.add_node('docs', 'planet', 'x')"],
  ["22023", "select integrity.add_node('docs', 'shard', '')"],
  ["22023", "select integrity.add_node('docs', 'shard', null)"],
  ["22023", "select integrity.add_node('docs', 'shard', 'x', 'precious')"],
  ["22023", "select integrity.add_node('docs', 'shard', 'x', 'required', 1.5)"],
  ["22023", "select integrity.add_node('docs', 'shard', 'x', 'required', 'nan')"],
  ["42704", "select integrity.add_node('nope', 'shard', 'x')"],
  ["42704", "select integrity.add_edge('docs', 'x', 'this server', 'partition_link')"],
  ["42704", "select integrity.add_edge('docs', null, 'this server', 'partition_link')"],
  ["22023", "select integrity.add_edge('docs', 'vacuum', 'this server', 'rope')"],
  ["22023", "select integrity.add_edge('docs', 'vacuum', 'vacuum', 'dependency')"],
  ["22023", "select integrity.add_edge('docs', 'vacuum', 'this server', 'dependency', -1)"],
  ["22023", "select integrity.add_edge('docs', 'vacuum', 'this server', 'dependency', 'infinity')"],
  ["42704", "select integrity.remove_node('docs', 'vacuum')"],
  ["42704", "select integrity.remove_edge('docs', 'vacuum', 'this server', 'dependency')"],
  ["42704", "select integrity.report_health('docs', 'vacuum', 1)"],
  ["42704", "select integrity.report_edge('docs', 'vacuum', 'this server', 'dependency', 1)"],
  ["42704", "select integrity.contracted_graph('nope')"],
  ["42704", "select integrity.rebuild_graph('nope')"],
])("%s: %s", async (code, statement) => {
  expect((await db.error(statement)).code).toBe(code)
})

test("a graph that a sample could not carry is refused when it grows", async () => {
  await db.query("begin")
  await db.query(
    `insert into integrity._edges (collection, source, target, edge_type, capacity, class)
     select 'docs', 'vacuum', 'x' || i, 'dependency', 1, 'advisory' from generate_series(1, 100000) i`,
  )
  const failure = await db.error("select integrity.add_edge('docs', 'vacuum', 'this server', 'dependency')")
  expect(failure.code).toBe("54000")
  expect(failure.hint).toBeDefined()
  await db.query("rollback")
})

test("the same name twice is 42710, a wrong report 22023", async () => {
  await db.query("select integrity.add_node('docs', 'shard', 'x')")
  expect((await db.error("select integrity.add_node('docs', 'shard', 'x')")).code).toBe("42710")
  expect((await db.error("select integrity.report_health('docs', 'x', -1)")).code).toBe("22023")
  expect((await db.error("select integrity.report_health('docs', 'x', 1, null)")).code).toBe("22023")
})
