import { toMermaid } from "../../../plv8-src/integrity/mermaid.ts"
import { readPicture } from "../../../plv8-src/integrity/picture.ts"
import type { Signal, UserEdge, UserNode } from "../../../plv8-src/integrity/types.ts"
import { witnessOfGiven } from "./evidence-samples.ts"
import type { Given } from "./evidence-samples.ts"

/** The systems that docs/integrity.md shows, in its order. */
const partition = (member: string, attached: boolean): Signal => ({
  signal: "partition",
  member,
  exists: true,
  attached,
})
const index = (member: string, valid: number): Signal => ({
  signal: "vector_index",
  member,
  valid,
  invalid: 0,
  building: 0,
})
const system = (attached: boolean, valid: number): Signal[] => [
  partition("docs_p0", true),
  partition("docs_p1", attached),
  { signal: "dead_tuples", member: "docs_p0", n_dead: 12, n_live: 90_000 },
  index("docs_p0", 1),
  index("docs_p1", valid),
  { signal: "xid_age", member: "docs", age: 41_000, freeze_max_age: 200_000_000 },
  { signal: "connections", member: "connections", used: 12, max: 100 },
]

const nodes: UserNode[] = ["embedder a", "embedder b", "queue"].map((name, id) => ({
  id,
  name,
  node_type: "gateway",
  class: "required",
  health: 1,
}))
const link = (source: string, target: string, works: boolean): UserEdge => ({
  source,
  target,
  edge_type: "routing_link",
  class: "required",
  health: works ? 1 : 0,
  hard: !works,
})
const ring = (first: boolean, second: boolean): UserEdge[] => [
  link("queue", "embedder a", first),
  link("queue", "embedder b", second),
  link("embedder a", "this server", true),
  link("embedder b", "this server", true),
]

/** A second server, last reached so many seconds ago, that holds one partition. */
const far: Signal[] = [
  {
    signal: "foreign_server",
    member: "east",
    holds_partitions: true,
    age_secs: 64,
    probe_interval_secs: 10,
    last_probe_failed: true,
  },
  { ...partition("docs_p2", true), shard: "east" },
]

const systems: Given[] = [
  { signals: system(true, 1) },
  { signals: system(true, 0) },
  { signals: system(false, 1) },
  { signals: [...system(true, 1), ...far] },
  { signals: system(true, 1).slice(0, 2), user_nodes: nodes, user_edges: ring(false, true) },
  { signals: system(true, 1).slice(0, 2), user_nodes: nodes, user_edges: ring(false, false) },
]

/** What the product draws for each of them, and the lambda_cut it computes. */
export const documented = systems.map((given) => {
  const witness = witnessOfGiven(given)
  return { mermaid: toMermaid(readPicture(witness.graph)), words: witness.words, lambda: witness.lambda_cut }
})
