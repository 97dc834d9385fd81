/**
 * A parser for the part of Mermaid's flowchart syntax (mermaid.js.org/syntax/flowchart.html) that has quoted labels,
 * `---` and `===` links with text, classDef and linkStyle. Throws on anything else.
 */
export type MermaidGraph = {
  nodes: Map<string, { label: string; className: string }>
  edges: { source: string; target: string; label: string; isThick: boolean }[]
  styledLinks: number[]
}

const NODE = /^ {2}(n\d+)\["([^"]*)"\]:::(\w+)$/u
const EDGE = /^ {2}(n\d+) (---|===)\|"([^"]*)"\| (n\d+)$/u
const CLASS = /^ {2}classDef (\w+) [\w:#,.-]+$/u
const LINKS = /^ {2}linkStyle (\d+(?:,\d+)*) [\w:#,.-]+$/u
/** Inside quotes: entity codes, line breaks, and characters that mean nothing to Mermaid or to HTML. */
const TEXT = /^(?:#\d+;|<br\/>|[^#;<>&"'`\\[\]{}|~=*!?$@^\n\r])*$/u

const decoded = (text: string): string => {
  if (!TEXT.test(text)) throw new SyntaxError(`unsafe label ${JSON.stringify(text)}`)
  return text.replaceAll("<br/>", "\n").replaceAll(/#(\d+);/gu, (_, code: string) => String.fromCodePoint(Number(code)))
}

export const parseMermaid = (source: string): MermaidGraph => {
  const [header, ...lines] = source.split("\n")
  if (header !== "flowchart LR") throw new SyntaxError(`expected a flowchart, got ${header}`)
  if (lines.pop() !== "") throw new SyntaxError("expected a line end at the end")
  const graph: MermaidGraph = { nodes: new Map(), edges: [], styledLinks: [] }
  const classes = new Set<string>()
  for (const line of lines) {
    const node = NODE.exec(line)
    const edge = EDGE.exec(line)
    const links = LINKS.exec(line)
    if (node !== null) graph.nodes.set(node[1] ?? "", { label: decoded(node[2] ?? ""), className: node[3] ?? "" })
    else if (edge !== null)
      graph.edges.push({
        source: edge[1] ?? "",
        target: edge[4] ?? "",
        label: decoded(edge[3] ?? ""),
        isThick: edge[2] === "===",
      })
    else if (links !== null) graph.styledLinks = (links[1] ?? "").split(",").map(Number)
    else if (CLASS.test(line)) classes.add(CLASS.exec(line)?.[1] ?? "")
    else throw new SyntaxError(`not a line of a flowchart: ${JSON.stringify(line)}`)
  }
  for (const { className } of graph.nodes.values())
    if (!classes.has(className)) throw new SyntaxError(`class ${className} is not defined`)
  for (const { source: from, target: to } of graph.edges)
    if (!graph.nodes.has(from) || !graph.nodes.has(to)) throw new SyntaxError(`link ${from} - ${to} without its nodes`)
  return graph
}
