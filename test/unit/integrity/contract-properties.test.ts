import { expect, test } from "@jest/globals"
import fc from "fast-check"
import { validatePolicy } from "../../../plv8-src/integrity/policy.ts"
import type { RoleClass, Signal, UserEdge, UserNode } from "../../../plv8-src/integrity/types.ts"
import { settledState } from "../../../plv8-src/integrity/what-if.ts"
import { contractionOf, witnessOfGiven } from "./evidence-samples.ts"
import type { Given } from "./evidence-samples.ts"

const isLong = process.env["PENSTOCK_TEST_LONG"] === "1"
const policy = validatePolicy({})

const share = fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }))
const amount = fc.oneof(fc.nat(100), fc.nat(), fc.double({ min: 0, max: 1e13, noNaN: true }))
const flag = fc.boolean()
const member = fc.constantFrom("a", "b", "c")
const common = {
  member,
  shard: fc.constantFrom(null, null, "east"),
  status: fc.constantFrom("measured", "measured", "measured", "blind", "not_applicable"),
  error_rate: fc.oneof(fc.constant(0), share),
}

/** Any signal whatever its numbers, but none that is hard evidence. */
const softSignal = fc.oneof(
  fc.record({ ...common, signal: fc.constant("partition"), exists: fc.constant(true), attached: fc.constant(true) }),
  fc.record({ ...common, signal: fc.constant("dead_tuples"), n_dead: amount, n_live: amount }),
  fc.record({ ...common, signal: fc.constant("primary_key"), corrupt: fc.constant(false) }),
  fc.record({ ...common, signal: fc.constant("checksum"), failures: fc.nat(3), cleared: fc.constant(true) }),
  fc.record({ ...common, signal: fc.constant("xid_age"), age: fc.nat(2_100_000_000), freeze_max_age: amount }),
  fc.record({
    ...common,
    signal: fc.constant("replica"),
    connected: flag,
    wal_status: fc.constantFrom(null, "reserved", "extended", "unreserved", "lost"),
    lag_bytes: fc.option(amount),
    safe_wal_size: fc.option(amount),
  }),
  fc.record({
    ...common,
    signal: fc.constant("sync_quorum"),
    needed: fc.constant(1),
    connected: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    ...common,
    signal: fc.constant("archiver"),
    last_archived_us: fc.option(fc.nat()),
    last_failed_us: fc.option(fc.nat()),
    ready_files: amount,
  }),
  fc.record({ ...common, signal: fc.constant("subscription"), worker_running: flag }),
  fc.record({
    ...common,
    signal: fc.constant("foreign_server"),
    holds_partitions: flag,
    age_secs: fc.option(amount),
    probe_interval_secs: fc.constantFrom(1, 60),
    last_probe_failed: fc.constant(false),
  }),
  fc.record({
    ...common,
    signal: fc.constant("vector_index"),
    valid: fc.nat(2),
    invalid: fc.nat(2),
    building: fc.nat(2),
  }),
  fc.record({
    ...common,
    signal: fc.constant("ivfflat_lists"),
    bucket_rows: fc.array(amount, { maxLength: 32 }),
    rows_at_build: amount,
    rows_now: amount,
  }),
  fc.record({ ...common, signal: fc.constant("recall_probe"), recall: share, floor: share }),
  fc.record({ ...common, signal: fc.constant("connections"), used: amount, max: amount }),
  fc.record({
    ...common,
    signal: fc.constant("wal"),
    used_bytes: amount,
    budget_bytes: amount,
    archiver_failing: fc.constant(false),
  }),
  fc.record({ ...common, signal: fc.constant("disk"), used_share: share, archiver_failing: fc.constant(false) }),
) as unknown as fc.Arbitrary<Signal>

const roleClass = fc.constantFrom<RoleClass>("required", "degradable", "advisory")
const names = ["n0", "n1", "n2", "n3", "n4"]

/** A user's topology over up to five nodes and this server, parallel edges, loops and islands included. */
const userGraph = (hard: fc.Arbitrary<boolean>): fc.Arbitrary<{ user_nodes: UserNode[]; user_edges: UserEdge[] }> =>
  fc.record({
    user_nodes: fc
      .array(fc.record({ class: roleClass, health: share, hard, blind: flag, error_rate: share }), { maxLength: 5 })
      .map((list) =>
        list.map(
          (node, id): UserNode => Object.assign({ id, name: names[id] ?? "", node_type: "gateway" as const }, node),
        ),
      ),
    user_edges: fc.array(
      fc.record({
        source: fc.constantFrom(...names, "this server", "partitions"),
        target: fc.constantFrom(...names, "this server"),
        edge_type: fc.constantFrom("partition_link", "routing_link", "dependency", "replication"),
        capacity: fc.oneof(fc.constantFrom(0, 1, 2), fc.double({ min: 0, max: 5, noNaN: true })),
        class: roleClass,
        health: share,
        hard,
        error_rate: share,
      }),
      { maxLength: 10 },
    ),
  })

const anchor: Signal = { signal: "partition", member: "p", exists: true, attached: true }

test("without hard evidence no evidence is critical, and lambda_cut is in [0.45, 1]", () => {
  fc.assert(
    fc.property(fc.array(softSignal, { maxLength: 12 }), (signals) => {
      const { lambda_cut, hard } = witnessOfGiven({ signals })
      expect(hard).toBe(false)
      if (lambda_cut === null) return
      expect(lambda_cut).toBeGreaterThanOrEqual(0.45)
      expect(lambda_cut).toBeLessThanOrEqual(1)
      expect(settledState(policy, lambda_cut)).not.toBe("critical")
    }),
    { numRuns: isLong ? 1_000_000 : 10_000 },
  )
})

test("nor with a user's own topology", () => {
  fc.assert(
    fc.property(fc.array(softSignal, { maxLength: 4 }), userGraph(fc.constant(false)), (signals, user) => {
      const { lambda_cut, hard } = witnessOfGiven({ signals: [anchor, ...signals], ...user })
      expect(hard).toBe(false)
      expect(lambda_cut).toBeGreaterThanOrEqual(0.45 - 1e-12)
      expect(lambda_cut).toBeLessThanOrEqual(1)
    }),
    { numRuns: isLong ? 200_000 : 500 },
  )
})

const cured = (user: Pick<Given, "user_nodes" | "user_edges">) => ({
  user_nodes: user.user_nodes!.map((node) =>
    Object.assign({}, node, { health: 1, hard: false, blind: false, error_rate: 0 }),
  ),
  user_edges: user.user_edges!.map((edge) => Object.assign({}, edge, { health: 1, hard: false, error_rate: 0 })),
})

test("whatever the topology: healthy is exactly 1, with hard evidence lambda_cut is in [0, 1]", () => {
  fc.assert(
    fc.property(userGraph(flag), (user) => {
      expect(witnessOfGiven({ signals: [anchor], ...cured(user) }).lambda_cut).toBe(1)
      const { lambda_cut } = witnessOfGiven({ signals: [anchor], ...user })
      expect(lambda_cut! >= 0 && lambda_cut! <= 1).toBe(true)
    }),
    { numRuns: isLong ? 200_000 : 500 },
  )
})

test("worse health of one node never raises lambda_cut", () => {
  fc.assert(
    fc.property(userGraph(flag), fc.nat(4), share, share, (user, at, a, b) => {
      const withHealth = (health: number) =>
        witnessOfGiven({
          signals: [anchor],
          user_nodes: user.user_nodes.map((node, i) => (i === at ? { ...node, health } : node)),
          user_edges: user.user_edges,
        }).lambda_cut!
      expect(withHealth(Math.min(a, b))).toBeLessThanOrEqual(withHealth(Math.max(a, b)) + 1e-12)
    }),
    { numRuns: isLong ? 100_000 : 300 },
  )
})

test("the order of the evidence does not matter: same lambda_cut, same witness", () => {
  fc.assert(
    fc.property(
      fc.array(softSignal, { maxLength: 8 }),
      userGraph(flag),
      fc.infiniteStream(fc.nat()),
      (signals, user, order) => {
        const shuffled = <T>(list: readonly T[]): T[] =>
          list
            .map((item) => [order.next().value ?? 0, item] as const)
            .sort((a, b) => a[0] - b[0])
            .map(([, item]) => item)
        const given = { signals: [anchor, ...signals], ...user }
        const other = {
          signals: shuffled(given.signals),
          user_nodes: shuffled(user.user_nodes),
          user_edges: shuffled(user.user_edges),
        }
        const { words: _w, graph: _g, cause: _c, witness_edges: e1, ...first } = witnessOfGiven(given)
        const { words: _w2, graph: _g2, cause: _c2, witness_edges: e2, ...second } = witnessOfGiven(other)
        expect(second).toEqual(first)
        expect(e2.map((edge) => [edge.source_name, edge.target_name, edge.capacity])).toEqual(
          e1.map((edge) => [edge.source_name, edge.target_name, edge.capacity]),
        )
      },
    ),
    { numRuns: isLong ? 100_000 : 300 },
  )
})

test("no edge weighs more than at full health, and none less than its floor", () => {
  fc.assert(
    fc.property(fc.array(softSignal, { maxLength: 8 }), userGraph(flag), (signals, user) => {
      const { weight, healthy_weight, source, target, node_count } = contractionOf({
        signals: [anchor, ...signals],
        ...user,
      })
      expect(weight.length).toBe(healthy_weight.length)
      for (const [i, w] of weight.entries()) {
        expect(w >= 0 && w <= healthy_weight[i]!).toBe(true)
        expect(source[i]! >= 0 && source[i]! < node_count && target[i]! >= 0 && target[i]! < node_count).toBe(true)
      }
    }),
    { numRuns: isLong ? 100_000 : 300 },
  )
})
