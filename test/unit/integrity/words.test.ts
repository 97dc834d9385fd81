import { describe, expect, test } from "@jest/globals"
import { contract } from "../../../plv8-src/integrity/contract.ts"
import { readEvidence } from "../../../plv8-src/integrity/evidence.ts"
import { durationWords, explainRequest } from "../../../plv8-src/integrity/explain.ts"
import { NEW_MACHINE } from "../../../plv8-src/integrity/machine.ts"
import { validatePolicy } from "../../../plv8-src/integrity/policy.ts"
import { readContracted, readCut } from "../../../plv8-src/integrity/stored-graph.ts"
import type { Machine, Signal } from "../../../plv8-src/integrity/types.ts"
import { settledState, whatIf, witnessOfEvidence } from "../../../plv8-src/integrity/what-if.ts"
import { witnessOf } from "../../../plv8-src/integrity/witness.ts"
import { evidenceOf, healthySignals } from "./evidence-samples.ts"

const NOW = 1_763_658_000_000_000
const policy = validatePolicy({})
const local = healthySignals().filter((s) => s.signal !== "foreign_server" && s.shard === undefined)
const lostIndex: Signal = { signal: "vector_index", member: "docs_p1", valid: 0, invalid: 1, building: 0 }

const explained = (signals: Signal[], machine: Partial<Machine>) => {
  const checked = readEvidence(evidenceOf({ signals }))
  const { graph } = contract(checked)
  const witness = witnessOfEvidence(checked)
  const request = { collection: "docs", policy, machine: { ...NEW_MACHINE, ...machine }, witness, graph, now_us: NOW }
  return explainRequest(JSON.parse(JSON.stringify(request)))
}

describe("explain", () => {
  test("names the role, the evidence and since when", () => {
    const { summary, lines, lambda_cut } = explained([...local, lostIndex], {
      state: "stress",
      since_us: NOW - 300_000_000,
      cause: "vector index/vector_index",
      cause_since_us: NOW - 420_000_000,
    })
    expect(lambda_cut).toBeCloseTo(0.45, 12)
    expect(summary).toBe(
      "docs is in state stress, for 5 min; weakest: vector index, no valid vector index on docs_p1, one is invalid; " +
        "lambda_cut 0.45, for 7 min",
    )
    expect(lines.join("\n")).toContain("Minimum cut: vector index - this server (routing_link)")
    expect(lines.join("\n")).toContain("above 0.9 for 300 s")
  })

  test("says that a healthy collection is healthy", () => {
    const { summary, lines } = explained(local, { since_us: NOW - 7_200_000_000 })
    expect(summary).toBe("docs is in state normal, for 2 h; every role at full health, lambda_cut 1")
    expect(lines).toEqual(["Nothing needs to be done."])
    const busy: Signal = { signal: "connections", member: "c", used: 85, max: 100 }
    expect(explained([...local, busy], {}).lines.at(-1)).toContain("still normal")
  })

  test("says what is pinned, what is blind, what does not apply, and how much calm is missing", () => {
    const blind: Signal = {
      signal: "connections",
      member: "c",
      status: "blind",
      note: "needs pg_monitor",
      used: 0,
      max: 1,
    }
    const absent = { signal: "archiver", member: "a", status: "not_applicable", note: "embedded" } as Signal
    const signals = [...local.filter((s) => s.signal !== "connections" && s.signal !== "archiver"), blind, absent]
    const { summary, lines } = explained(signals, {
      state: "stress",
      held_us: 240_000_000,
      override: { state: "critical", by: "ops", reason: "disk swap", since_us: NOW, until_us: NOW + 600_000_000 },
    })
    expect(summary).toContain("docs is in state critical")
    const all = lines.join("\n")
    expect(all).toContain("ops has pinned state critical for another 10 min: disk swap. Measured: stress.")
    expect(all).toContain("c cannot be seen (needs pg_monitor)")
    expect(all).toContain("Cannot be seen: connections.")
    expect(all).toContain("Does not apply here: archiver (embedded).")
    expect(all).toContain("60 s of calm are still to come")
  })

  test("names three members and counts the others", () => {
    const signals = Array.from(
      { length: 9 },
      (_, i): Signal => ({ signal: "partition", member: `p${i}`, exists: i < 2, attached: i < 2 }),
    )
    expect(explained(signals, {}).summary).toContain(
      "partition p2 is missing; partition p3 is missing; partition p4 is missing; and 4 more of 9",
    )
  })

  test.each([null, {}, { collection: "c" }, { collection: "c", witness: {}, graph: {}, now_us: 1 }])(
    "%j is 22023",
    (request) => {
      expect(() => explainRequest(request)).toThrow(expect.objectContaining({ code: "22023" }))
    },
  )

  test("durations are whole units, rounded down", () => {
    const secs = [0, 1.9, 119, 120, 7199, 7200, 172_799, 172_800, -5]
    expect(secs.map((s) => durationWords(s * 1e6))).toEqual([
      "0 s",
      "1 s",
      "119 s",
      "2 min",
      "119 min",
      "2 h",
      "47 h",
      "2 days",
      "0 s",
    ])
  })
})

describe("what if", () => {
  const checked = readEvidence(
    evidenceOf({
      signals: healthySignals(),
      user_nodes: [
        { id: 1, node_type: "gateway", name: "lb1", class: "degradable", health: 1 },
        { id: 2, node_type: "gateway", name: "lb2", class: "degradable", health: 1 },
        { id: 3, node_type: "maintenance_dep", name: "embed", class: "required", health: 1 },
      ],
      user_edges: ["lb1", "lb2"].flatMap((name) => [
        { source: name, target: "this server", edge_type: "dependency" as const },
        { source: name, target: "embed", edge_type: "dependency" as const },
      ]),
    }),
  )

  test.each([
    [{ remove: "docs_p1" }, "critical", 0],
    [{ remove: "partitions" }, "critical", 0],
    [{ remove: "docs_p2" }, "critical", 0],
    [{ remove: "vector index" }, "stress", 0.45],
    [{ remove: "lb1" }, "normal", 0.9],
    [{ remove: "embed" }, "critical", 0],
    [{ node: "embed", health: 0.5 }, "normal", 1],
    [{ node: "connections", health: 0.5 }, "stress", 0.725],
    [{ node: "docs_p1", health: 1 }, "normal", 1],
  ])("%j settles in %s", (change, state, lambda) => {
    const answer = whatIf(policy, checked, change)
    expect(answer.before).toEqual({ state: "normal", lambda_cut: 1 })
    expect(answer.after.state).toBe(state)
    expect(answer.after.lambda_cut).toBeCloseTo(lambda, 12)
    expect(answer.words).toContain(state)
  })

  test("a fault that is there already stays", () => {
    const broken = readEvidence(evidenceOf({ signals: [...local, lostIndex] }))
    const answer = whatIf(policy, broken, { node: "connections", health: 0.9 })
    expect(answer).toMatchObject({ before: { state: "stress" }, after: { state: "stress" } })
    expect(whatIf(policy, broken, { node: "docs_p1", health: 1 }).after).toMatchObject({
      state: "normal",
      lambda_cut: 1,
    })
  })

  test("a name that is not there is 42704 and lists the known ones", () => {
    expect(() => whatIf(policy, checked, { remove: "docs_p9" })).toThrow(
      expect.objectContaining({ code: "42704", hint: expect.stringContaining("docs_p1") }),
    )
  })

  test.each([null, "docs_p1", {}, { node: "lb1" }, { node: "lb1", health: 2 }, { remove: 3 }])(
    "%j is 22023",
    (change) => {
      expect(() => whatIf(policy, checked, change)).toThrow(expect.objectContaining({ code: "22023" }))
    },
  )

  test("settled states, at the thresholds", () => {
    const states = [null, 1, 0.8, 0.79, 0.31, 0.3, 0].map((lambda) => settledState(policy, lambda))
    expect(states).toEqual(["normal", "normal", "normal", "stress", "stress", "critical", "critical"])
  })
})

describe("stored graphs and cuts", () => {
  const { graph } = contract(readEvidence(evidenceOf({ signals: local })))

  test("survive JSON", () => {
    expect(readContracted(JSON.parse(JSON.stringify(graph)))).toEqual(graph)
    expect(readCut(null)).toEqual({ cut_value: null, side: null, witness: null, healthy_cut_value: null })
  })

  test.each([null, {}, { ...graph, node_count: 1 }, { ...graph, edges: [1], edge_count: 1 }])(
    "another graph is 22023",
    (value) => {
      expect(() => readContracted(value)).toThrow(expect.objectContaining({ code: "22023" }))
    },
  )

  test.each([{ cut_value: -1 }, { witness: [0.5] }, { side: "0" }, { value: 1 }])("cut %j is 22023", (value) => {
    expect(() => readCut(value)).toThrow(expect.objectContaining({ code: "22023" }))
  })

  test("a cut of another graph is 22023", () => {
    const foreign = [
      { cut_value: 1, side: [0], witness: [99] },
      { cut_value: 1, side: [99], witness: [0] },
    ]
    for (const cut of foreign) expect(() => witnessOf(graph, cut)).toThrow(expect.objectContaining({ code: "22023" }))
  })
})
