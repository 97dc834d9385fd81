import { validatePolicy } from "../../integrity/policy.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "validate_policy",
  args: { policy: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator", "penstock_worker", "penstock_user"],
  comment:
    "Checks an integrity policy, or any part of one, and returns it complete. Missing and null fields take their " +
    "defaults; {} gives the default policy. Errors: 22023 naming the field, what was expected and what was got.",
  run: ({ policy }) => validatePolicy(policy),
})
