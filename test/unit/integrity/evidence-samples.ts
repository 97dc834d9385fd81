import { contract } from "../../../plv8-src/integrity/contract.ts"
import type { Contraction } from "../../../plv8-src/integrity/contract.ts"
import { readEvidence } from "../../../plv8-src/integrity/evidence.ts"
import type { Signal, UserEdge, UserNode, Witness } from "../../../plv8-src/integrity/types.ts"
import { witnessOfEvidence } from "../../../plv8-src/integrity/what-if.ts"

const MEGABYTE = 1_048_576

export type Given = { signals: Signal[]; user_nodes?: UserNode[]; user_edges?: UserEdge[] }

export const evidenceOf = (given: Given) => ({ collection: "docs", measured_at_us: 1_763_658_000_000_000, ...given })
export const contractionOf = (given: Given): Contraction => contract(readEvidence(evidenceOf(given)))
export const witnessOfGiven = (given: Given): Witness => witnessOfEvidence(readEvidence(evidenceOf(given)))

/** Every signal of the table on a server with nothing wrong. */
export const healthySignals = (): Signal[] => [
  { signal: "partition", member: "docs_p0", exists: true, attached: true },
  { signal: "partition", member: "docs_p1", exists: true, attached: true },
  { signal: "dead_tuples", member: "docs_p0", n_dead: 9000, n_live: 10 },
  { signal: "dead_tuples", member: "docs_p1", n_dead: 20_000, n_live: 1_000_000 },
  { signal: "checksum", member: "docs", failures: 0, cleared: false },
  { signal: "primary_key", member: "docs_p0_pkey", corrupt: false },
  { signal: "xid_age", member: "docs_p0", age: 1000, freeze_max_age: 200_000_000 },
  {
    signal: "replica",
    member: "standby_a",
    connected: true,
    wal_status: "reserved",
    lag_bytes: 5 * MEGABYTE,
    safe_wal_size: null,
  },
  {
    signal: "replica",
    member: "standby_b",
    connected: true,
    wal_status: "extended",
    lag_bytes: 0,
    safe_wal_size: 900 * MEGABYTE,
  },
  { signal: "sync_quorum", member: "synchronous_standby_names", needed: 1, connected: 2 },
  { signal: "archiver", member: "archiver", last_archived_us: 20, last_failed_us: 10, ready_files: 3 },
  { signal: "subscription", member: "sub", worker_running: true },
  {
    signal: "foreign_server",
    member: "east",
    holds_partitions: true,
    age_secs: 5,
    probe_interval_secs: 10,
    last_probe_failed: false,
  },
  { signal: "partition", member: "docs_p2", shard: "east", exists: true, attached: true },
  { signal: "vector_index", member: "docs_p0", valid: 1, invalid: 0, building: 0 },
  { signal: "vector_index", member: "docs_p1", valid: 2, invalid: 1, building: 0 },
  { signal: "ivfflat_lists", member: "docs_ivf", bucket_rows: [10, 12, 9], rows_at_build: 31, rows_now: 31 },
  { signal: "recall_probe", member: "docs_hnsw", recall: 0.97, floor: 0.95 },
  { signal: "connections", member: "connections", used: 20, max: 100 },
  { signal: "wal", member: "wal", used_bytes: 100, budget_bytes: 1000, archiver_failing: false },
  { signal: "disk", member: "disk", used_share: 0.4, archiver_failing: false },
]
