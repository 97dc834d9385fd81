import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { DEFAULT_POLICY } from "../../../plv8-src/integrity/policy-defaults.ts"
import { mergePolicy, validatePolicy } from "../../../plv8-src/integrity/policy.ts"

describe("validation", () => {
  test("nothing given is the default policy of the design", () => {
    const policy = validatePolicy({})
    expect(policy).toEqual(DEFAULT_POLICY)
    expect(validatePolicy(null)).toEqual(policy)
    expect(policy).toMatchObject({
      mode: "observe",
      threshold_high: 0.8,
      threshold_low: 0.3,
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
      on_stale: "keep",
      on_error: "allow",
    })
  })

  test("the source document's own example is a policy", () => {
    const policy = validatePolicy({
      threshold_high: 0.7,
      threshold_low: 0.2,
      stress_actions: { allow_bulk_insert: false, throttle_inserts_pct: 75, pause_gnn_training: true },
    })
    expect(policy.stress_actions).toEqual({ ...DEFAULT_POLICY.stress_actions, throttle_inserts_pct: 75 })
    expect(policy.critical_actions).toEqual(DEFAULT_POLICY.critical_actions)
  })

  test.each<[string, unknown]>([
    ["value", []],
    ["value", "enforce"],
    ["threshhold_high", { threshhold_high: 0.9 }],
    ["threshold_high", { threshold_high: 0.3 }],
    ["threshold_high", { threshold_high: 0.2 }],
    ["threshold_high", { threshold_high: 0.95 }],
    ["threshold_high", { threshold_high: 0.9 }],
    ["threshold_high", { threshold_high: "0.8" }],
    ["threshold_low", { threshold_low: -0.1 }],
    ["threshold_low", { threshold_low: 1.1 }],
    ["name", { name: "" }],
    ["name", { name: 7 }],
    ["priority", { priority: 1.5 }],
    ["mode", { mode: "enforced" }],
    ["stress_actions", { stress_actions: [] }],
    ["stress_actions.allow_bulk", { stress_actions: { allow_bulk: true } }],
    ["critical_actions.allow_reads", { critical_actions: { allow_reads: "yes" } }],
    ["normal_actions.throttle_inserts_pct", { normal_actions: { throttle_inserts_pct: 101 } }],
    ["normal_actions.throttle_searches_pct", { normal_actions: { throttle_searches_pct: 12.5 } }],
    ["normal_actions.max_concurrent_searches", { normal_actions: { max_concurrent_searches: -1 } }],
    ["normal_actions.max_insert_batch_size", { normal_actions: { max_insert_batch_size: "100" } }],
    ["stress_actions.pause_gnn_training", { stress_actions: { pause_gnn_training: 1 } }],
    ["stress_actions.custom_actions", { stress_actions: { custom_actions: "page" } }],
    ["stress_actions.custom_actions[1]", { stress_actions: { custom_actions: ["page", 5] } }],
    ["sample_interval_secs", { sample_interval_secs: 0.09 }],
    ["graph_rebuild_interval_secs", { graph_rebuild_interval_secs: 0 }],
    ["hysteresis.hold_secs", { hysteresis: { hold_secs: 0.05 } }],
    ["hysteresis.cooldown_secs", { hysteresis: { cooldown_secs: -1 } }],
    ["hysteresis.degrade_samples", { hysteresis: { degrade_samples: 0 } }],
    ["hysteresis.critical_samples", { hysteresis: { critical_samples: 1.5 } }],
    ["hysteresis.probe_budget", { hysteresis: { probe_budget: -1 } }],
    ["hysteresis.recover_margin", { hysteresis: { recover_margin: 2 } }],
    ["notifications.email", { notifications: { email: "a@b.c" } }],
    ["notifications.channel", { notifications: { channel: "" } }],
    ["on_stale", { on_stale: "refuse" }],
    ["on_error", { on_error: "keep" }],
    ["lambda2_alert_share", { lambda2_alert_share: 0 }],
  ])("%s is refused by name: %j", (field, policy) => {
    expect(() => validatePolicy(policy)).toThrow(
      expect.objectContaining({ code: "22023", detail: expect.stringContaining(JSON.stringify(field)) }),
    )
  })

  test("intervals, hold and cooldown go down to 100 ms", () => {
    const fast = { sample_interval_secs: 0.1, hysteresis: { hold_secs: 0.1, cooldown_secs: 0.1 } }
    expect(validatePolicy(fast)).toMatchObject(fast)
  })
})

const actions = fc.record(
  {
    allow_reads: fc.constantFrom(true, false, "by_risk", null),
    allow_bulk_insert: fc.constantFrom(true, false, "by_risk", null),
    throttle_inserts_pct: fc.option(fc.integer({ min: 0, max: 100 })),
    max_insert_batch_size: fc.option(fc.nat()),
    custom_actions: fc.array(
      fc.string({ minLength: 1, maxLength: 5 }).filter((s) => !s.includes("\0")),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
)
const patches = fc.record(
  {
    mode: fc.constantFrom("off", "observe", "enforce", null),
    threshold_high: fc.double({ min: 0.5, max: 0.85, noNaN: true }),
    threshold_low: fc.double({ min: 0, max: 0.4, noNaN: true }),
    normal_actions: actions,
    stress_actions: actions,
    critical_actions: actions,
    hysteresis: fc.record({ hold_secs: fc.integer({ min: 1, max: 500 }) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
)

describe("merging", () => {
  test("a complete policy stays as it is: validation is idempotent", () => {
    fc.assert(
      fc.property(patches, (patch) => {
        const policy = validatePolicy(patch)
        expect(validatePolicy(policy)).toEqual(policy)
        expect(mergePolicy(policy, {})).toEqual(policy)
      }),
    )
  })

  test("a patch changes the fields that it names and no others", () => {
    fc.assert(
      fc.property(patches, patches, (base, patch) => {
        const before = validatePolicy(base)
        const after = mergePolicy(before, patch)
        const fresh = validatePolicy(patch)
        for (const state of ["normal_actions", "stress_actions", "critical_actions"] as const)
          for (const field of Object.keys(before[state]) as (keyof (typeof before)[typeof state])[]) {
            const isNamed = Object.hasOwn(patch[state] ?? {}, field)
            expect(after[state][field]).toEqual((isNamed ? fresh : before)[state][field])
          }
      }),
    )
  })

  test("null puts a field, or a whole state, back to its default", () => {
    const base = validatePolicy({
      mode: "enforce",
      critical_actions: { max_concurrent_searches: 3, allow_backup: false },
    })
    const patched = mergePolicy(base, { critical_actions: { max_concurrent_searches: null } })
    expect(patched.critical_actions).toMatchObject({ max_concurrent_searches: 10, allow_backup: false })
    expect(mergePolicy(base, { critical_actions: null, mode: null })).toEqual(DEFAULT_POLICY)
  })

  test("a base that is null is the default", () => {
    expect(mergePolicy(null, { priority: 5 })).toEqual({ ...DEFAULT_POLICY, priority: 5 })
  })

  test("a patch that makes the thresholds cross is refused", () => {
    const run = () => mergePolicy({ threshold_low: 0.6 }, { threshold_high: 0.5 })
    expect(run).toThrow(expect.objectContaining({ code: "22023" }))
  })

  test.each([
    [{}, null],
    [{}, []],
    [[], {}],
    ["x", {}],
  ])("%j patched with %j is 22023", (base, patch) => {
    expect(() => mergePolicy(base, patch)).toThrow(expect.objectContaining({ code: "22023" }))
  })

  test("neither argument is changed", () => {
    const base = Object.freeze({ stress_actions: Object.freeze({ allow_reads: false }) })
    mergePolicy(base, { stress_actions: { allow_reads: null } })
    expect(base).toEqual({ stress_actions: { allow_reads: false } })
    expect(DEFAULT_POLICY.mode).toBe("observe")
  })
})
