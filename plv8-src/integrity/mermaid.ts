import { condition, cutColour, oneLine, rounded } from "./picture.ts"
import type { Picture } from "./picture.ts"

/**
 * Text inside Mermaid's quotes. Quotes, backticks, angle brackets and the like would be read as markup or end the string;
 * everything but letters, digits and plain punctuation is written as an entity code (mermaid.js.org, flowchart, "Entity
 * codes to escape characters": `#` decimal code point `;`).
 */
const escaped = (value: string): string =>
  oneLine(value).replaceAll(/[^\p{L}\p{N} _.,:/()%+-]/gu, (character) => `#${character.codePointAt(0) ?? 0};`)

const quoted = (...lines: string[]): string => `"${lines.map(escaped).join("<br/>")}"`

/** The graph as a Mermaid flowchart; the edges of the minimum cut are thick, and red below full health. */
export const toMermaid = (picture: Picture): string => {
  const ids = new Map(picture.nodes.map((node, position) => [node.key, `n${position}`]))
  const lines = ["flowchart LR"]
  for (const { key, name, health, words } of picture.nodes) {
    const label = quoted(name, `health ${rounded(health)}`, ...(words === null ? [] : [words]))
    lines.push(`  ${ids.get(key) ?? ""}[${label}]:::${condition(health)}`)
  }
  for (const { source, target, type, capacity, witness } of picture.edges) {
    const line = witness ? "===" : "---"
    lines.push(`  ${ids.get(source) ?? ""} ${line}|${quoted(`${type} ${rounded(capacity)}`)}| ${ids.get(target) ?? ""}`)
  }
  lines.push(
    "  classDef healthy fill:#e6f4ea,stroke:#2e7d32,color:#111",
    "  classDef impaired fill:#fff4d6,stroke:#b26a00,color:#111",
    "  classDef failed fill:#fbdcdc,stroke:#c62828,color:#111",
  )
  const crossing = picture.edges.flatMap((edge, position) => (edge.witness ? [position] : []))
  if (crossing.length > 0) lines.push(`  linkStyle ${crossing.join(",")} stroke:${cutColour(picture)},stroke-width:3px`)
  return `${lines.join("\n")}\n`
}
