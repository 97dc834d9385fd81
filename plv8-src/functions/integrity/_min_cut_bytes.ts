import { edgesFromBytes } from "../../graph/edge-bytes.ts"
import { minCut } from "../../graph/min-cut.ts"
import { sqlFunction, table } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_min_cut_bytes",
  args: { node_count: "int4", edges: "bytea" },
  returns: table({ cut_value: "float8", side: "int4[]", witness: "int4[]" }),
  volatility: "immutable",
  strict: true,
  grant: ["penstock_user"],
  comment: "Canonical global minimum cut of a graph given as packed edges. Called by integrity.min_cut.",
  run: ({ node_count, edges }) => {
    const cut = minCut(node_count, edgesFromBytes(edges))
    return { cut_value: cut?.cutValue ?? null, side: cut?.side ?? null, witness: cut?.witness ?? null }
  },
})
