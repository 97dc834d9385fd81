import { mergePolicy } from "../../integrity/policy.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "merge_policy",
  args: { base: "jsonb", patch: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator", "penstock_worker", "penstock_user"],
  comment:
    "Applies a partial update to an integrity policy, field by field, and returns the complete result. A patch of one " +
    "state leaves the others alone, null puts a field back to its default. Errors: 22023 as for validate_policy.",
  run: ({ base, patch }) => mergePolicy(base, patch),
})
