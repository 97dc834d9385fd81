import { arrayOf, boolean, invalid, isObject, numberIn, objectOf, oneOf, orNull, text, wholeIn } from "./input.ts"
import type { Reader } from "./input.ts"
import { DEFAULT_POLICY } from "./policy-defaults.ts"
import type { Actions, Hysteresis, Permission, Policy } from "./types.ts"

/** Intervals, hold and cooldown: from 100 ms (a demonstration) to a year. */
const duration = numberIn(0.1, 31_536_000)
const permission = oneOf<Permission>(true, false, "by_risk")
const percent = wholeIn(0, 100)
const int4 = 2_147_483_647

const actions = (defaults: Actions): Reader<Actions> =>
  objectOf<Actions>(
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
      max_concurrent_searches: orNull(wholeIn(0, int4)),
      max_insert_batch_size: orNull(wholeIn(0, int4)),
      pause_gnn_training: boolean,
      pause_tier_management: boolean,
      emergency_compact: boolean,
      custom_actions: arrayOf(text(200), 100),
    },
    defaults,
  )

const hysteresis = objectOf<Hysteresis>(
  {
    degrade_samples: wholeIn(1, 1000),
    critical_samples: wholeIn(1, 1000),
    recover_margin: numberIn(0, 1),
    hold_secs: duration,
    cooldown_secs: duration,
    probe_budget: wholeIn(0, int4),
  },
  DEFAULT_POLICY.hysteresis,
)

const policy = objectOf<Policy>(
  {
    name: text(63),
    priority: wholeIn(-int4 - 1, int4),
    mode: oneOf("off", "observe", "enforce"),
    threshold_high: numberIn(0, 1),
    threshold_low: numberIn(0, 1),
    normal_actions: actions(DEFAULT_POLICY.normal_actions),
    stress_actions: actions(DEFAULT_POLICY.stress_actions),
    critical_actions: actions(DEFAULT_POLICY.critical_actions),
    sample_interval_secs: duration,
    graph_rebuild_interval_secs: duration,
    hysteresis,
    notifications: objectOf({ channel: text(63) }, DEFAULT_POLICY.notifications),
    on_stale: oneOf("keep", "allow"),
    on_error: oneOf("allow", "refuse"),
    lambda2_alert_share: orNull(numberIn(0.001, 1)),
  },
  DEFAULT_POLICY,
)

/**
 * Checks a policy, or any part of one, and returns it complete: what is missing or null takes its default.
 * Idempotent. Errors: 22023 naming the field, what was expected and what was got.
 */
export const validatePolicy = (value: unknown): Policy => {
  const complete = policy(value ?? {}, "")
  const { threshold_high: high, threshold_low: low } = complete
  if (!(high > low)) throw invalid("threshold_high", `more than threshold_low (${low})`, high)
  const margin = complete.hysteresis.recover_margin
  if (high + margin >= 1)
    throw invalid(
      "threshold_high",
      `less than 1 - hysteresis.recover_margin (${1 - margin})`,
      high,
      "A healthy system has lambda_cut 1: with these numbers it could never return to normal. Lower either of them.",
    )
  return complete
}

/** Objects are merged field by field; everything else replaces, null too: for the validation it is the default. */
const merge = (base: unknown, patch: unknown): unknown => {
  if (!isObject(patch)) return patch
  const result: Record<string, unknown> = isObject(base) ? { ...base } : {}
  for (const [name, value] of Object.entries(patch)) result[name] = merge(result[name], value)
  return result
}

/**
 * The base policy with a partial update applied: a patch of stress_actions leaves the other states alone, a patch of one
 * permission leaves the other permissions alone, null puts a field back to its default. Returns a complete policy.
 */
export const mergePolicy = (base: unknown, patch: unknown): Policy => {
  if (!isObject(patch)) throw invalid("patch", "an object", patch)
  if (base !== null && !isObject(base)) throw invalid("base", "an object or null", base)
  return validatePolicy(merge(base, patch))
}
