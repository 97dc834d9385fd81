import { compileGates, stateNamed } from "../../integrity/decide.ts"
import { readGateContext } from "../../integrity/gate-context.ts"
import { validatePolicy } from "../../integrity/policy.ts"
import { sqlFunction, table } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "compile_gates",
  args: { policy: "jsonb", state: "text", context: "jsonb" },
  returns: table({
    operation: "text",
    response: "text",
    allowed: "bool",
    risk_level: "text",
    state: "text",
    throttle_factor: "float8",
    throttle_pct: "int4",
    retry_after_secs: "int4",
    reason: "text",
    mode: "text",
    enforced: "bool",
    sqlstate: "text",
    max_concurrent: "int4",
    max_batch_size: "int4",
    stale_after_secs: "float8",
    refuse_on_error: "bool",
  }),
  volatility: "immutable",
  defaults: { context: "null" },
  grant: ["penstock_admin", "penstock_operator", "penstock_worker"],
  comment:
    "Every decision of a policy in one state, a row per operation, for the gate to read. " +
    'context: {"witness_is_index": boolean} or null.',
  run: ({ policy, state, context }) =>
    compileGates(validatePolicy(policy), stateNamed(state), readGateContext(context)),
})
