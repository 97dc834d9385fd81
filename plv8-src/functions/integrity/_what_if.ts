import { readEvidence } from "../../integrity/evidence.ts"
import { validatePolicy } from "../../integrity/policy.ts"
import { whatIf } from "../../integrity/what-if.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_what_if",
  args: { policy: "jsonb", evidence: "jsonb", change: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator", "penstock_worker", "penstock_user"],
  comment:
    "The state in which a system would settle after a loss: {before, after, words}. change: {remove: name} or {node: name, " +
    "health: 0..1}, the name of a role, a member, a server or a user-added node. Errors: 22023, 42704 for a name that " +
    "is not there.",
  run: ({ policy, evidence, change }) => whatIf(validatePolicy(policy), readEvidence(evidence), change),
})
