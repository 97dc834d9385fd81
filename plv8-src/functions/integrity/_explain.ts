import { explainRequest } from "../../integrity/explain.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_explain",
  args: { request: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator", "penstock_worker", "penstock_user"],
  comment:
    "Why a collection is in its state, in words: {state, lambda_cut, summary, lines}. request: {collection, policy, " +
    "machine, witness, graph, now_us}, as _next_state, _witness and _contract returned them.",
  run: ({ request }) => explainRequest(request),
})
