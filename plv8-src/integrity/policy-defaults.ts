import type { Actions, Policy } from "./types.ts"

/** Nothing is degraded: everything is allowed. */
const normalActions: Actions = {
  allow_reads: true,
  allow_single_insert: true,
  allow_bulk_insert: true,
  allow_delete: true,
  allow_update: true,
  allow_index_rewire: true,
  allow_compression: true,
  allow_replication: true,
  allow_backup: true,
  throttle_inserts_pct: 0,
  throttle_searches_pct: 0,
  max_concurrent_searches: null,
  max_insert_batch_size: null,
  pause_gnn_training: false,
  pause_tier_management: false,
  emergency_compact: false,
  custom_actions: [],
}

/**
 * No bulk inserts, half of the single ones, at most 100 rows each; no training. What heals the system or saves the data
 * stays explicitly allowed, as it is in critical: a backup that waits because backups are late would never run.
 */
const stressActions: Actions = {
  ...normalActions,
  allow_bulk_insert: false,
  allow_delete: "by_risk",
  allow_update: "by_risk",
  allow_index_rewire: "by_risk",
  allow_compression: "by_risk",
  throttle_inserts_pct: 50,
  max_insert_batch_size: 100,
  pause_gnn_training: true,
}

/** Only reads, replication and backup, and a few searches at a time. */
const criticalActions: Actions = {
  ...normalActions,
  allow_single_insert: false,
  allow_bulk_insert: false,
  allow_delete: false,
  allow_update: false,
  allow_index_rewire: false,
  allow_compression: false,
  throttle_inserts_pct: 100,
  throttle_searches_pct: 20,
  max_concurrent_searches: 10,
  pause_gnn_training: true,
  pause_tier_management: true,
  emergency_compact: true,
}

/** The policy of a collection that has none of its own. */
export const DEFAULT_POLICY: Policy = {
  name: "default",
  priority: 0,
  mode: "observe",
  threshold_high: 0.8,
  threshold_low: 0.3,
  normal_actions: normalActions,
  stress_actions: stressActions,
  critical_actions: criticalActions,
  sample_interval_secs: 60,
  graph_rebuild_interval_secs: 3600,
  hysteresis: {
    degrade_samples: 3,
    critical_samples: 2,
    recover_margin: 0.1,
    hold_secs: 300,
    cooldown_secs: 60,
    probe_budget: 0,
  },
  notifications: { channel: "penstock_integrity" },
  on_stale: "keep",
  on_error: "allow",
  lambda2_alert_share: null,
}
