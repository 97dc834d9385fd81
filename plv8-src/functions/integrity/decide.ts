import { decide, stateNamed } from "../../integrity/decide.ts"
import { validatePolicy } from "../../integrity/policy.ts"
import { operationNamed } from "../../integrity/operations.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "decide",
  args: { policy: "jsonb", state: "text", operation: "text" },
  returns: "jsonb",
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator", "penstock_worker", "penstock_user"],
  comment:
    "What a policy answers to an operation in a state (normal, stress, critical). The answer has response, allowed, " +
    "risk_level, throttle_factor, retry_after_secs, reason and more. Errors: 22023 for an unknown operation or state.",
  run: ({ policy, state, operation }) => {
    operationNamed(operation)
    return decide(validatePolicy(policy), stateNamed(state), operation ?? "")
  },
})
