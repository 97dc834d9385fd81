/** required: floor 0 (0.45 without hard evidence); degradable: 0.45; advisory: 0.85. */
export type RoleClass = "required" | "degradable" | "advisory"

export type NodeType =
  | "partition"
  | "centroid"
  | "shard"
  | "maintenance_dep"
  | "replication_target"
  | "index"
  | "gateway"

export type EdgeType = "partition_link" | "routing_link" | "dependency" | "replication"

/** Fields that every signal may have. */
type Common = {
  /** Which one: a leaf partition, an index, a slot, a server; shown in words. */
  member: string
  /** Foreign server whose shard the member belongs to; absent or null = this server. */
  shard?: string | null
  /**
   * measured (default); not_applicable: this host has no such thing (autovacuum in PGlite): left out;
   * blind: it exists but the sampler may not look, or the look failed: counted at its floor.
   * With not_applicable and blind the raw numbers may be absent.
   */
  status?: "measured" | "not_applicable" | "blind"
  /** Share of failed operations in 0..1, applied to the health before the floor. */
  error_rate?: number | null
  /** Why blind or not applicable, or anything worth showing. */
  note?: string | null
}

/** One row of raw measurement. Health is computed in health.ts, never in SQL. */
export type Signal = Common &
  (
    | { signal: "partition"; exists: boolean; attached: boolean }
    | { signal: "dead_tuples"; n_dead: number; n_live: number }
    | { signal: "xid_age"; age: number; freeze_max_age: number }
    | {
        signal: "replica"
        /** A row in pg_stat_replication. The expected set comes from slots and settings. */
        connected: boolean
        /** pg_replication_slots.wal_status; null without a slot. */
        wal_status: "reserved" | "extended" | "unreserved" | "lost" | null
        lag_bytes: number | null
        safe_wal_size: number | null
      }
    | { signal: "sync_quorum"; needed: number; connected: number }
    | { signal: "archiver"; last_archived_us: number | null; last_failed_us: number | null; ready_files: number }
    | { signal: "subscription"; worker_running: boolean }
    | {
        signal: "foreign_server"
        holds_partitions: boolean
        /** Seconds since the last successful probe; null = never probed. */
        age_secs: number | null
        probe_interval_secs: number
        /** The newest probe was refused or timed out. */
        last_probe_failed: boolean
      }
    /** One row per leaf partition that should have a vector index (not_applicable when the collection has none). */
    | { signal: "vector_index"; valid: number; invalid: number; building: number }
    /** Row counts of at most 32 buckets of lists; rows at index build and now. */
    | { signal: "ivfflat_lists"; bucket_rows: number[]; rows_at_build: number; rows_now: number }
    | { signal: "recall_probe"; recall: number; floor: number }
    | { signal: "checksum"; failures: number; cleared: boolean }
    /** amcheck found the primary key of a leaf corrupt, and no operator has cleared it. */
    | { signal: "primary_key"; corrupt: boolean }
    | { signal: "connections"; used: number; max: number }
    | { signal: "wal"; used_bytes: number; budget_bytes: number; archiver_failing: boolean }
    | { signal: "disk"; used_share: number; archiver_failing: boolean }
  )

export type SignalName = Signal["signal"]

/** A node that a user added with integrity.add_node. */
export type UserNode = {
  node_type: NodeType
  /** Unique among user-added nodes of the collection; shown as 1,000,000 + id. */
  id: number
  name: string
  class: RoleClass
  /** Last report_health, 0..1. */
  health: number
  /** The report says that the node cannot work at all. Only then may a required one be critical. */
  hard?: boolean
  blind?: boolean
  error_rate?: number | null
  note?: string | null
  node_data?: unknown
}

/** An edge that a user added with integrity.add_edge; ends are names of nodes in contracted_graph. */
export type UserEdge = {
  source: string
  target: string
  edge_type: EdgeType
  /** Weight at full health, default 1; from 0 to 1e9, less than 1e-9 is no connection. */
  capacity?: number | null
  class?: RoleClass | null
  health?: number | null
  hard?: boolean
  error_rate?: number | null
  current_flow?: number | null
  latency_ms?: number | null
}

export type Evidence = {
  collection: string
  measured_at_us: number
  signals: Signal[]
  user_nodes?: UserNode[] | null
  user_edges?: UserEdge[] | null
}
