import fc from "fast-check"

const permission = fc.constantFrom(true, false, "by_risk")
const percent = fc.constantFrom(0, 20, 50, 100)
const limit = fc.option(fc.constantFrom(0, 5, 100))

const actions = fc.record(
  {
    allow_reads: permission,
    allow_single_insert: permission,
    allow_bulk_insert: permission,
    allow_delete: permission,
    allow_update: permission,
    allow_index_rewire: permission,
    allow_compression: permission,
    allow_replication: permission,
    allow_backup: permission,
    throttle_inserts_pct: percent,
    throttle_searches_pct: percent,
    max_concurrent_searches: limit,
    max_insert_batch_size: limit,
    pause_gnn_training: fc.boolean(),
    pause_tier_management: fc.boolean(),
    emergency_compact: fc.boolean(),
  },
  { requiredKeys: [] },
)

/** Settings of a policy as a user might write them: any part, in any mode. */
export const policySettings = fc.record(
  {
    mode: fc.constantFrom("off", "observe", "enforce"),
    normal_actions: actions,
    stress_actions: actions,
    critical_actions: actions,
  },
  { requiredKeys: ["mode"] },
)
