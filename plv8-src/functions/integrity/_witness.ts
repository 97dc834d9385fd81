import { readContracted, readCut } from "../../integrity/stored-graph.ts"
import { witnessOf } from "../../integrity/witness.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_witness",
  args: { graph: "jsonb", cut: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator", "penstock_worker"],
  comment:
    "What a minimum cut means: lambda_cut in [0, 1], the witness edges with names, what binds it, and why in words. " +
    "graph: column of _contract; cut: {cut_value, side, witness, healthy_cut_value} of min_cut.",
  run: ({ graph, cut }) => witnessOf(readContracted(graph), readCut(cut)),
})
