import { lambda2 } from "../../graph/lambda2.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_lambda2",
  args: { node_count: "int4", source: "plv8_int4array", target: "plv8_int4array", weight: "plv8_float8array" },
  returns: "float8",
  volatility: "immutable",
  strict: true,
  grant: ["penstock_user"],
  comment: "Algebraic connectivity of a graph given as typed arrays. Called by integrity.lambda2.",
  run: ({ node_count, source, target, weight }) => lambda2(node_count, { source, target, weight }),
})
