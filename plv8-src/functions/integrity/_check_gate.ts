import { checkGate } from "../../integrity/check-gate.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_check_gate",
  args: { request: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator", "penstock_worker", "penstock_user"],
  comment:
    "The slow, complete form of the gate: the decision, which rule made it, and every rule looked at. request: " +
    "{policy, operation, state, now_us, context, override, kill_switch, exempt, lambda_cut, last_sample_us, running, " +
    "batch_rows}. Errors: 22023; for an unknown operation the hint lists the known ones.",
  run: ({ request }) => checkGate(request),
})
