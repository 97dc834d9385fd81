import { toMermaid } from "../../integrity/mermaid.ts"
import { readPicture } from "../../integrity/picture.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_graph_mermaid",
  args: { graph: "jsonb" },
  returns: "text",
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator", "penstock_worker", "penstock_user"],
  comment:
    "Draws the JSON of integrity.contracted_graph as a Mermaid flowchart, the edges of the minimum cut thick, and red below full health. Errors: 22023 " +
    "naming the field.",
  run: ({ graph }) => toMermaid(readPicture(graph)),
})
