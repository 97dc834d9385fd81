import { minCut } from "../../graph/min-cut.ts"
import { sqlFunction, table } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_min_cut",
  args: { node_count: "int4", source: "plv8_int4array", target: "plv8_int4array", weight: "plv8_float8array" },
  returns: table({ cut_value: "float8", side: "int4[]", witness: "int4[]" }),
  volatility: "immutable",
  strict: true,
  grant: ["penstock_user"],
  comment: "Canonical global minimum cut of a graph given as typed arrays. Called by integrity.min_cut.",
  run: ({ node_count, source, target, weight }) => {
    const cut = minCut(node_count, { source, target, weight })
    return { cut_value: cut?.cutValue ?? null, side: cut?.side ?? null, witness: cut?.witness ?? null }
  },
})
