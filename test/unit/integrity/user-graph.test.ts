import { expect, test } from "@jest/globals"
import type { UserEdge, UserNode } from "../../../plv8-src/integrity/types.ts"
import { contractionOf, healthySignals, witnessOfGiven } from "./evidence-samples.ts"

const signals = healthySignals().filter((s) => s.signal === "partition" && s.shard === undefined)
const node = (id: number, name: string, health = 1, more: Partial<UserNode> = {}): UserNode => ({
  id,
  name,
  node_type: "gateway",
  class: "degradable",
  health,
  ...more,
})
const edge = (source: string, target: string, more: Partial<UserEdge> = {}): UserEdge => ({
  source,
  target,
  edge_type: "dependency",
  ...more,
})
/** An embedding service behind two load balancers: real redundancy. */
const twoPaths = [edge("lb1", "this server"), edge("lb2", "this server"), edge("lb1", "embed"), edge("lb2", "embed")]

test("a node alone becomes a dependency of this server", () => {
  const { graph, normalise } = contractionOf({ signals, user_nodes: [node(7, "embed", 0)] })
  expect(normalise).toBe(true)
  expect(graph.edges.at(-1)).toMatchObject({ full_capacity: 1, edge_type: "dependency", user_added: true })
  expect(graph.nodes.find((n) => n.node_name === "embed")).toMatchObject({ node_id: 1_000_007, user_added: true })
  expect(witnessOfGiven({ signals, user_nodes: [node(7, "embed", 0)] }).lambda_cut).toBeCloseTo(0.45, 12)
})

test("nodes joined to each other only are joined to this server by one edge", () => {
  const user_nodes = [node(1, "a"), node(2, "b")]
  const { graph } = contractionOf({ signals, user_nodes, user_edges: [edge("a", "b")] })
  expect(graph.edge_count).toBe(3)
  expect(witnessOfGiven({ signals, user_nodes, user_edges: [edge("a", "b")] }).lambda_cut).toBe(1)
})

test("with redundancy the minimum cut is more than the weakest edge", () => {
  const lambda = (lb1: number, lb2: number) =>
    witnessOfGiven({
      signals,
      user_nodes: [node(1, "lb1", lb1), node(2, "lb2", lb2), node(3, "embed")],
      user_edges: twoPaths,
    })
  expect(lambda(1, 1).lambda_cut).toBe(1)
  // one path at its floor of 0.45, the cut is still one whole edge's worth
  expect(lambda(1, 0).lambda_cut).toBe(0.9)
  const both = lambda(0, 0)
  expect(both.lambda_cut).toBeCloseTo(0.9, 12)
  // alone with lb1 each load balancer has two edges of 0.45: the cut isolates one of the three
  expect(both.witness_edges).toHaveLength(2)
})

test("a required node behind two required paths: one lost path is survived, two are critical", () => {
  const required = { class: "required" } as const
  const paths = (first: boolean, second: boolean) =>
    witnessOfGiven({
      signals,
      user_nodes: [node(3, "embed", 1, required)],
      user_edges: [
        edge("embed", "this server", { ...required, health: first ? 1 : 0, hard: !first }),
        edge("embed", "this server", { ...required, health: second ? 1 : 0, hard: !second }),
      ],
    })
  expect(paths(true, true)).toMatchObject({ lambda_cut: 1, hard: false })
  const survived = paths(true, false)
  expect(survived).toMatchObject({ lambda_cut: 1, hard: true, cause: null })
  expect(survived.words).toContain("another way holds, although edge embed - this server")
  expect(paths(false, false)).toMatchObject({ lambda_cut: 0, hard: true, cause: "embed - this server/reported" })
})

test("an impaired edge away from the minimum cut is told all the same", () => {
  const user_edges = [edge("embed", "this server", { health: 0 }), edge("embed", "this server")]
  const witness = witnessOfGiven({ signals, user_nodes: [node(3, "embed")], user_edges })
  expect(witness.lambda_cut).toBe(1)
  expect(witness.side).not.toContain("embed")
  expect(witness.words).toContain("another way holds, although edge embed - this server")
})

test("lambda_cut is normalised by the cut at full health, and both are told", () => {
  const wide = [edge("embed", "this server", { capacity: 0.2 })]
  const at = (health: number) => witnessOfGiven({ signals, user_nodes: [node(3, "embed", health)], user_edges: wide })
  expect(at(1)).toMatchObject({ lambda_cut: 1, cut_value: 0.2, healthy_cut_value: 0.2 })
  const half = at(0.5)
  expect(half.healthy_cut_value).toBe(0.2)
  expect(half.lambda_cut).toBeCloseTo(0.725, 12)
})

test("parallel edges add", () => {
  const parallel = [edge("a", "this server"), edge("a", "this server"), edge("partitions", "this server")]
  const { graph } = contractionOf({ signals, user_nodes: [node(1, "a")], user_edges: parallel })
  expect(graph.edge_count).toBe(4)
  const witness = witnessOfGiven({ signals, user_nodes: [node(1, "a")], user_edges: parallel })
  expect(witness).toMatchObject({ lambda_cut: 1, cut_value: 2 })
  expect(witness.witness_edges).toHaveLength(2)
})

test("a failed end takes all of its edges down", () => {
  const user_nodes = [node(1, "a", 0, { class: "required", hard: true })]
  const user_edges = [edge("a", "this server"), edge("a", "partitions")]
  expect(witnessOfGiven({ signals, user_nodes, user_edges })).toMatchObject({ lambda_cut: 0, cause: "a/reported" })
})

test("reports that are soft never bring a required node to low; hard ones do", () => {
  const at = (more: Partial<UserNode>) =>
    witnessOfGiven({ signals, user_nodes: [node(1, "a", 0, { class: "required", ...more })] })
  expect(at({}).lambda_cut).toBe(0.45)
  expect(at({ blind: true })).toMatchObject({ lambda_cut: 0.45, blind: ["a"] })
  expect(at({ hard: true })).toMatchObject({ lambda_cut: 0, hard: true })
  expect(at({ health: 1, error_rate: 0.3 }).lambda_cut).toBeCloseTo(0.7, 12)
})

test("an edge to a node that is not there is left out and reported", () => {
  const { graph } = contractionOf({ signals, user_nodes: [node(1, "a")], user_edges: [edge("a", "gone")] })
  expect(graph.edge_count).toBe(2)
  expect(graph.not_applicable).toEqual(["edge a - gone (no such node now)"])
})

test("a user's node of a role's name is meant by the user's edges; two of one id are 22023", () => {
  const named = contractionOf({
    signals,
    user_nodes: [node(1, "partitions")],
    user_edges: [edge("partitions", "this server")],
  })
  expect(named.graph.edges.filter((e) => e.user_added)).toMatchObject([{ source_id: 1_000_001 }])
  expect(() => contractionOf({ signals, user_nodes: [node(1, "a"), node(1, "b")] })).toThrow(
    expect.objectContaining({ code: "22023" }),
  )
})
