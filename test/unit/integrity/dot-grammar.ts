/**
 * A parser for the part of the DOT language (graphviz.org/doc/info/lang.html) that undirected graphs with attribute
 * lists need: `graph ID { (attr_stmt | ID = ID | node_stmt | edge_stmt)* }`. Throws on anything else.
 */
export type DotGraph = {
  nodes: Map<string, Map<string, string>>
  edges: { source: string; target: string; attributes: Map<string, string> }[]
  attributes: Map<string, string>
}

/** Quoted string (a backslash escapes the next character), identifier, numeral, `--`, punctuation. */
const TOKEN =
  /\s+|("(?:[^"\\]|\\[^])*")|([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*|-?(?:\.\d+|\d+(?:\.\d*)?))|(--|[{}[\]=,;])/uy

const tokensOf = (text: string): string[] => {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) throw new SyntaxError(`no DOT token at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`)
    const token = match[1] ?? match[2] ?? match[3]
    if (token !== undefined) tokens.push(token)
  }
  return tokens
}

/** escString: `\n`, `\l`, `\r` break lines, another escaped character stands for itself. */
const unescaped = (token: string): string =>
  token.startsWith('"')
    ? token.slice(1, -1).replaceAll(/\\([^])/gu, (_, c: string) => ("nlr".includes(c) ? "\n" : c))
    : token

export const parseDot = (text: string): DotGraph => {
  const tokens = tokensOf(text)
  let at = 0
  const peek = () => tokens[at] ?? ""
  const isId = (token: string) => /^["\w.\-\u0080-\uffff]/u.test(token) && token !== "--"
  const take = (expected?: string): string => {
    const token = peek()
    if (expected === undefined ? !isId(token) : token !== expected)
      throw new SyntaxError(`expected ${expected ?? "an ID"}, got ${JSON.stringify(token)} (token ${at})`)
    at++
    return expected === undefined ? unescaped(token) : token
  }
  const attributeList = (): Map<string, string> => {
    const attributes = new Map<string, string>()
    if (peek() !== "[") return attributes
    take("[")
    while (peek() !== "]") {
      const name = take()
      take("=")
      attributes.set(name, take())
      if (peek() === ",") take(",")
    }
    take("]")
    return attributes
  }

  const graph: DotGraph = { nodes: new Map(), edges: [], attributes: new Map() }
  take("graph")
  take()
  take("{")
  while (peek() !== "}") {
    if (["graph", "node", "edge"].includes(peek())) {
      take()
      attributeList()
      continue
    }
    const id = take()
    if (peek() === "=") {
      take("=")
      graph.attributes.set(id, take())
    } else if (peek() === "--") {
      take("--")
      const target = take()
      graph.edges.push({ source: id, target, attributes: attributeList() })
    } else graph.nodes.set(id, attributeList())
  }
  take("}")
  if (at !== tokens.length) throw new SyntaxError("text after the graph")
  return graph
}
