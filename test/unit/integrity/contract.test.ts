import { describe, expect, test } from "@jest/globals"
import { readEvidence } from "../../../plv8-src/integrity/evidence.ts"
import type { NodeType, Signal } from "../../../plv8-src/integrity/types.ts"
import { contractionOf, evidenceOf, healthySignals, witnessOfGiven } from "./evidence-samples.ts"

const partition = (member: string, attached = true): Signal => ({ signal: "partition", member, exists: true, attached })
const index = (member: string, valid = 1, building = 0): Signal => ({
  signal: "vector_index",
  member,
  valid,
  invalid: 0,
  building,
})

describe("the healthy system", () => {
  test("has lambda_cut exactly 1 and a star for each server", () => {
    const { graph, normalise, weight } = contractionOf({ signals: healthySignals() })
    expect(normalise).toBe(false)
    expect(graph.nodes.map((node) => `${node.node_type} ${node.node_id} ${node.node_name}`)).toEqual([
      "centroid 1 ivfflat lists",
      "gateway 1 connections",
      "index 1 vector index",
      "maintenance_dep 1 vacuum",
      "maintenance_dep 2 backup",
      "maintenance_dep 3 wal",
      "partition 1 partitions",
      "partition 1001 partitions on east",
      "replication_target 1 replicas",
      "replication_target 2 subscriptions",
      "shard 0 this server",
      "shard 1 east",
    ])
    expect(weight.every((w) => w === 1)).toBe(true)
    expect(graph.edge_count).toBe(11)
    expect(witnessOfGiven({ signals: healthySignals() })).toMatchObject({
      lambda_cut: 1,
      hard: false,
      is_index: false,
      cause: null,
      blind: [],
    })
  })

  test("one signal alone is enough, none is not applicable", () => {
    expect(witnessOfGiven({ signals: [partition("docs")] }).lambda_cut).toBe(1)
    expect(witnessOfGiven({ signals: [] })).toMatchObject({ lambda_cut: null, witness_edges: [], cause: null })
  })
})

const bad: [string, Signal, NodeType, number, boolean][] = [
  ["a detached partition", partition("p", false), "partition", 0, true],
  ["a missing partition", { signal: "partition", member: "p", exists: false, attached: false }, "partition", 0, true],
  ["dead rows", { signal: "dead_tuples", member: "p", n_dead: 60_000, n_live: 1 }, "partition", 0.85, false],
  ["a checksum failure", { signal: "checksum", member: "p", failures: 1, cleared: false }, "partition", 0, true],
  [
    "an old transaction id",
    { signal: "xid_age", member: "p", age: 2_100_000_000, freeze_max_age: 2e8 },
    "maintenance_dep",
    0.45,
    false,
  ],
  [
    "transaction ids used up",
    { signal: "xid_age", member: "p", age: 2_100_000_001, freeze_max_age: 2e8 },
    "maintenance_dep",
    0,
    true,
  ],
  [
    "a lost replica",
    { signal: "replica", member: "s", connected: false, wal_status: "lost", lag_bytes: null, safe_wal_size: null },
    "replication_target",
    0.45,
    false,
  ],
  ["a lost quorum", { signal: "sync_quorum", member: "q", needed: 2, connected: 1 }, "replication_target", 0, true],
  [
    "a failing archiver",
    { signal: "archiver", member: "a", last_archived_us: null, last_failed_us: 1, ready_files: 64 },
    "maintenance_dep",
    0.45,
    false,
  ],
  [
    "a dead subscription",
    { signal: "subscription", member: "s", worker_running: false },
    "replication_target",
    0.45,
    false,
  ],
  [
    "an old probe",
    {
      signal: "foreign_server",
      member: "s",
      holds_partitions: true,
      age_secs: 99,
      probe_interval_secs: 1,
      last_probe_failed: false,
    },
    "shard",
    0.45,
    false,
  ],
  [
    "a server down with partitions",
    {
      signal: "foreign_server",
      member: "s",
      holds_partitions: true,
      age_secs: 99,
      probe_interval_secs: 1,
      last_probe_failed: true,
    },
    "shard",
    0,
    true,
  ],
  [
    "a server down without partitions",
    {
      signal: "foreign_server",
      member: "s",
      holds_partitions: false,
      age_secs: null,
      probe_interval_secs: 1,
      last_probe_failed: true,
    },
    "shard",
    0.45,
    false,
  ],
  ["no valid index", index("p", 0), "index", 0.45, false],
  ["poor recall", { signal: "recall_probe", member: "i", recall: 0.5, floor: 0.9 }, "index", 0.45, false],
  [
    "uneven lists",
    { signal: "ivfflat_lists", member: "i", bucket_rows: [1], rows_at_build: 1, rows_now: 99 },
    "centroid",
    0.85,
    false,
  ],
  ["no free connection", { signal: "connections", member: "c", used: 100, max: 100 }, "gateway", 0.45, false],
  [
    "WAL over budget",
    { signal: "wal", member: "w", used_bytes: 2, budget_bytes: 1, archiver_failing: false },
    "maintenance_dep",
    0.45,
    false,
  ],
  [
    "WAL over budget and no archive",
    { signal: "wal", member: "w", used_bytes: 2, budget_bytes: 1, archiver_failing: true },
    "maintenance_dep",
    0,
    true,
  ],
  [
    "a full disk",
    { signal: "disk", member: "d", used_share: 1, archiver_failing: false },
    "maintenance_dep",
    0.45,
    false,
  ],
  [
    "a full disk and no archive",
    { signal: "disk", member: "d", used_share: 1, archiver_failing: true },
    "maintenance_dep",
    0,
    true,
  ],
]

test.each(bad)("%s: its role binds lambda_cut, down to its floor", (_what, signal, type, lambda, hard) => {
  const rest = healthySignals().filter((s) => s.signal !== "foreign_server" && s.shard === undefined)
  const witness = witnessOfGiven({ signals: [...rest, signal] })
  const replicated = signal.signal === "replica" || signal.signal === "subscription"
  if (replicated) expect(witness.lambda_cut).toBeLessThan(0.8)
  else expect(witness.lambda_cut).toBeCloseTo(lambda, 12)
  expect(witness.hard).toBe(hard)
  const [edge] = witness.witness_edges
  expect([edge?.source_type, edge?.target_type]).toContain(type)
  expect(witness.is_index).toBe(type === "index")
  expect(witness.cause).toContain(signal.signal)
  expect(witness.words).toContain("weakest: ")
  const alone = witnessOfGiven({ signals: [signal] })
  expect(alone.lambda_cut).toBeCloseTo(lambda, 12)
})

test.each(healthySignals().map((signal) => [signal.signal, signal] as const))(
  "blind %s can make stress, never critical",
  (_name, signal) => {
    const signals = healthySignals().map((s) =>
      s.signal === signal.signal ? Object.assign({}, s, { status: "blind" as const }) : s,
    )
    const witness = witnessOfGiven({ signals })
    expect(witness.lambda_cut).toBeGreaterThanOrEqual(0.45)
    expect(witness.hard).toBe(false)
    expect(witness.blind).toHaveLength(new Set(signals.filter((s) => s.status === "blind").map((s) => s.shard)).size)
    expect(witness.cause).not.toBeNull()
  },
)

test("a blind or not applicable signal needs no numbers", () => {
  const without = (status: string) =>
    readEvidence(evidenceOf({ signals: [{ signal: "wal", member: "w", status } as Signal] }))
  expect(without("blind").signals).toHaveLength(1)
  const { graph } = contractionOf({
    signals: [partition("a"), { signal: "wal", member: "w", status: "not_applicable", note: "no server" } as Signal],
  })
  expect(graph.node_count).toBe(2)
  expect(graph.not_applicable).toEqual(["wal (no server)"])
})

test("what does not apply is told once for each reason", () => {
  const absent = (signal: string, note?: string) =>
    ({ signal, member: signal, status: "not_applicable", note }) as Signal
  const signals = [absent("wal", "embedded"), absent("disk"), absent("replica", "embedded"), partition("a")]
  expect(contractionOf({ signals }).graph.not_applicable).toEqual(["wal, replica (embedded)", "disk"])
})

test("one of four partitions missing is critical: required roles take the minimum", () => {
  const signals = [partition("a"), partition("b"), partition("c", false), partition("d")]
  expect(witnessOfGiven({ signals })).toMatchObject({ lambda_cut: 0, hard: true })
})

test("replication takes the mean, at most 0.6 while one is down", () => {
  const replica = (member: string, connected: boolean): Signal => ({
    signal: "replica",
    member,
    connected,
    wal_status: null,
    lag_bytes: 0,
    safe_wal_size: null,
  })
  const signals = [replica("a", true), replica("b", true), replica("c", true), replica("d", false)]
  expect(witnessOfGiven({ signals }).lambda_cut).toBeCloseTo(0.45 + 0.55 * 0.6, 12)
})

test("the error rate is applied before the floor", () => {
  const signals: Signal[] = [{ ...index("a"), error_rate: 0.5 }]
  expect(witnessOfGiven({ signals }).lambda_cut).toBeCloseTo(0.45 + 0.55 * 0.5, 12)
  const failing: Signal[] = [{ ...index("a"), error_rate: 1 }]
  expect(witnessOfGiven({ signals: failing }).lambda_cut).toBeCloseTo(0.45, 12)
})

test("a foreign shard that is not probed is blind", () => {
  const witness = witnessOfGiven({ signals: [partition("a"), { ...partition("b"), shard: "west" }] })
  expect(witness).toMatchObject({ lambda_cut: 0.45, blind: ["west"], hard: false, cause: "west/foreign_server" })
})

test("evidence in another order gives the same graph", () => {
  const signals = [...healthySignals(), index("docs_p3", 0), partition("docs_p3", false)]
  const forth = contractionOf({ signals })
  const back = contractionOf({ signals: [...signals].reverse() })
  const outline = (c: typeof forth) => [
    c.graph.nodes.map((n) => [n.node_name, n.capacity]),
    c.source,
    c.target,
    c.weight,
  ]
  expect(outline(back)).toEqual(outline(forth))
})

test.each<[string, unknown]>([
  ["evidence", null],
  ["evidence.collection", { measured_at_us: 1, signals: [] }],
  ["evidence.measured_at_us", { collection: "c", measured_at_us: "now", signals: [] }],
  ["evidence.signals", { collection: "c", measured_at_us: 1, signals: {} }],
  ["evidence.signals[0].signal", { collection: "c", measured_at_us: 1, signals: [{ signal: "mood", member: "m" }] }],
  ["evidence.signals[0].member", { collection: "c", measured_at_us: 1, signals: [{ signal: "partition" }] }],
  [
    "evidence.user_nodes[0].node_type",
    { collection: "c", measured_at_us: 1, user_nodes: [{ id: 1, name: "n", node_type: "oracle" }] },
  ],
  [
    "evidence.user_nodes[0].id",
    { collection: "c", measured_at_us: 1, user_nodes: [{ name: "n", node_type: "index" }] },
  ],
  [
    "evidence.user_edges[0].health",
    { collection: "c", measured_at_us: 1, user_edges: [{ source: "a", target: "b", health: 2 }] },
  ],
  ["evidence.user_edges[0]", { collection: "c", measured_at_us: 1, user_edges: [{ source: "a" }] }],
])("%s wrong is 22023", (field, evidence) => {
  expect(() => readEvidence(evidence)).toThrow(
    expect.objectContaining({ code: "22023", detail: expect.stringContaining(JSON.stringify(field)) }),
  )
})

test("a raw number that is missing or wrong is 22023 and named", () => {
  const run = () =>
    contractionOf({ signals: [{ signal: "connections", member: "c", used: null } as unknown as Signal] })
  expect(run).toThrow(
    expect.objectContaining({ code: "22023", detail: expect.stringContaining('"evidence.signals[0].used"') }),
  )
})

test("a note of any length is kept short", () => {
  const blind: Signal = { ...index("a"), status: "blind", note: "permission denied ".repeat(1000) }
  const { words } = witnessOfGiven({ signals: [partition("p"), blind] })
  expect(words).toContain("permission denied")
  expect(words.length).toBeLessThan(500)
  const wide: Signal = { ...index("a"), status: "blind", note: `x${"💧".repeat(1000)}` }
  expect(witnessOfGiven({ signals: [partition("p"), wide] }).words).toMatch(/^[^\ud800-\udfff]*$/u)
})
