import { contract } from "../../integrity/contract.ts"
import { readEvidence } from "../../integrity/evidence.ts"
import { sqlFunction, table } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_contract",
  args: { evidence: "jsonb" },
  returns: table({
    graph: "jsonb",
    normalise: "bool",
    node_count: "int4",
    source: "int4[]",
    target: "int4[]",
    weight: "float8[]",
    healthy_weight: "float8[]",
  }),
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator", "penstock_worker"],
  comment:
    "Contracts measured evidence into the role graph: one row with the graph and its edges as arrays for min_cut. " +
    "normalise: the cut over healthy_weight is needed too. evidence: {collection, measured_at_us, signals, user_nodes, " +
    "user_edges}, see plv8-src/integrity/types.ts. Errors: 22023 naming the field.",
  run: ({ evidence }) => contract(readEvidence(evidence)),
})
