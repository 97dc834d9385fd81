import { edgesFromBytes } from "../../graph/edge-bytes.ts"
import { lambda2 } from "../../graph/lambda2.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_lambda2_bytes",
  args: { node_count: "int4", edges: "bytea" },
  returns: "float8",
  volatility: "immutable",
  strict: true,
  grant: ["penstock_user"],
  comment: "Algebraic connectivity of a graph given as packed edges. Called by integrity.lambda2.",
  run: ({ node_count, edges }) => lambda2(node_count, edgesFromBytes(edges)),
})
