import { condition, cutColour, oneLine, rounded } from "./picture.ts"
import type { Picture } from "./picture.ts"

const FILL = { healthy: "#e6f4ea", impaired: "#fff4d6", failed: "#fbdcdc" }

/**
 * A quoted ID of the DOT language (graphviz.org/doc/info/lang.html): inside quotes the quote is escaped, and in labels a
 * backslash begins an escape (escString), so it is doubled. `\n` between lines is added after that.
 */
const quoted = (...lines: string[]): string =>
  `"${lines.map((line) => oneLine(line).replaceAll("\\", "\\\\").replaceAll('"', '\\"')).join("\\n")}"`

/** The graph in Graphviz' DOT language; the edges of the minimum cut are thick, and red below full health. */
export const toDot = (picture: Picture): string => {
  const lines = [
    "graph contracted {",
    "  graph [layout=neato, overlap=false, splines=true]",
    '  node [shape=box, style="rounded,filled", fontname="sans-serif"]',
    '  edge [fontname="sans-serif", fontsize=10]',
  ]
  if (picture.lambda !== null) lines.push(`  label=${quoted(`lambda_cut ${rounded(picture.lambda)}`)}`)
  for (const { key, name, health, words } of picture.nodes) {
    const text = quoted(name, `health ${rounded(health)}`, ...(words === null ? [] : [words]))
    lines.push(`  ${quoted(key)} [label=${text}, fillcolor="${FILL[condition(health)]}"]`)
  }
  for (const { source, target, type, capacity, witness } of picture.edges) {
    const strong = witness ? `, color="${cutColour(picture)}", penwidth=3` : ""
    lines.push(`  ${quoted(source)} -- ${quoted(target)} [label=${quoted(`${type} ${rounded(capacity)}`)}${strong}]`)
  }
  lines.push("}", "")
  return lines.join("\n")
}
