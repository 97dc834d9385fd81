import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { toDot } from "../../../plv8-src/integrity/dot.ts"
import { toMermaid } from "../../../plv8-src/integrity/mermaid.ts"
import { oneLine, readPicture } from "../../../plv8-src/integrity/picture.ts"
import type { GraphPicture, Signal } from "../../../plv8-src/integrity/types.ts"
import { parseDot } from "./dot-grammar.ts"
import { healthySignals, witnessOfGiven } from "./evidence-samples.ts"
import { parseMermaid } from "./mermaid-grammar.ts"

const lost: Signal = { signal: "vector_index", member: "docs_p1", valid: 0, invalid: 0, building: 0 }
const broken = readPicture(JSON.parse(JSON.stringify(witnessOfGiven({ signals: [...healthySignals(), lost] }).graph)))

describe("a real graph", () => {
  test("as DOT: every node and edge, the witness in red, lambda_cut below", () => {
    const { nodes, edges, attributes } = parseDot(toDot(broken))
    expect([...nodes.keys()]).toEqual(broken.nodes.map((node) => node.key))
    expect(nodes.get("index:1")?.get("label")).toBe("vector index\nhealth 0\nno valid vector index on docs_p1")
    expect(edges).toHaveLength(11)
    const red = edges.filter((edge) => edge.attributes.get("color") === "#c62828")
    expect(red.map((edge) => [edge.source, edge.target])).toEqual([["index:1", "shard:0"]])
    expect(attributes.get("label")).toBe("lambda_cut 0.45")
  })

  test("as Mermaid: the same", () => {
    const { nodes, edges, styledLinks } = parseMermaid(toMermaid(broken))
    expect([...nodes.values()].find((node) => node.label.startsWith("vector index"))).toEqual({
      label: "vector index\nhealth 0\nno valid vector index on docs_p1",
      className: "failed",
    })
    expect(edges).toHaveLength(11)
    expect(edges.flatMap((edge, i) => (edge.isThick ? [i] : []))).toEqual(styledLinks)
    expect(styledLinks).toHaveLength(1)
  })
})

/** Whatever jsonb can hold: everything but NUL. */
const nasty = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc
      .array(
        fc.constantFrom(
          '"',
          "\\",
          '\\"',
          "]",
          "[",
          "|",
          "-->",
          "---",
          "\n",
          "\r\n",
          "\u2028",
          "%%",
          "`",
          "end",
          "#quot;",
          "#35;",
          "<script>",
          "&lt;",
          ";",
          "{",
          "}",
          "//",
          "/*",
          "\t",
          "é",
          "漢",
          "💧",
          "\\n",
          "\\N",
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join("")),
  )
  .filter((text) => !text.includes("\0"))
const pictures: fc.Arbitrary<GraphPicture> = fc
  .record({
    nodes: fc.array(
      fc.record({ type: nasty, name: nasty, words: fc.option(nasty), health: fc.constantFrom(0, 0.3, 1) }),
      {
        minLength: 1,
        maxLength: 5,
      },
    ),
    edges: fc.array(
      fc.record({
        source: fc.nat(4),
        target: fc.nat(4),
        type: nasty,
        capacity: fc.constantFrom(0, 0.123456, 1),
        witness: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
  })
  .map(({ nodes, edges }) => {
    const key = (i: number) => `${nodes[i % nodes.length]!.type}:${i % nodes.length}`
    return {
      nodes: nodes.map((node, id) => Object.assign({ id }, node)),
      edges: edges.map((edge) =>
        Object.assign({}, edge, { source: key(edge.source), target: key(edge.target), error_rate: 0 }),
      ),
      node_count: nodes.length,
      edge_count: edges.length,
    }
  })

describe("hostile names", () => {
  test("DOT parses and says every name as it is", () => {
    fc.assert(
      fc.property(pictures, (given) => {
        const { nodes, edges } = parseDot(toDot(readPicture(given)))
        expect(edges).toHaveLength(given.edges.length)
        for (const node of given.nodes) {
          const label = nodes.get(oneLine(`${node.type}:${node.id}`))?.get("label")
          const words = node.words == null ? "" : `\n${oneLine(node.words)}`
          expect(label).toBe(`${oneLine(node.name)}\nhealth ${node.health}${words}`)
        }
        for (const [i, edge] of edges.entries()) expect(edge.attributes.has("penwidth")).toBe(given.edges[i]!.witness)
      }),
    )
  })

  test("Mermaid parses and says every name as it is", () => {
    fc.assert(
      fc.property(pictures, (given) => {
        const { nodes, edges, styledLinks } = parseMermaid(toMermaid(readPicture(given)))
        const labels = [...nodes.values()].map((node) => node.label)
        expect(labels).toEqual(
          given.nodes.map(
            (node) =>
              `${oneLine(node.name)}\nhealth ${node.health}${node.words == null ? "" : `\n${oneLine(node.words)}`}`,
          ),
        )
        expect(edges.map((edge) => edge.isThick)).toEqual(given.edges.map((edge) => edge.witness))
        expect(styledLinks).toEqual(given.edges.flatMap((edge, i) => (edge.witness ? [i] : [])))
      }),
    )
  })
})

test("the cut of a healthy graph is thick, and not red", () => {
  const healthy = readPicture(witnessOfGiven({ signals: healthySignals() }).graph)
  const thick = parseDot(toDot(healthy)).edges.filter((edge) => edge.attributes.has("penwidth"))
  expect(thick.map((edge) => edge.attributes.get("color"))).toEqual(["#1565c0"])
  expect(toMermaid(healthy)).toContain("linkStyle 0 stroke:#1565c0")
})

test("the grammars refuse what is broken", () => {
  const dot = toDot(broken)
  expect(() => parseDot(dot.replace('"vector index', '"vector" index'))).toThrow(SyntaxError)
  expect(() => parseDot(dot.replace("}", ""))).toThrow(SyntaxError)
  const mermaid = toMermaid(broken)
  expect(() => parseMermaid(mermaid.replace("vector index", 'vector "index'))).toThrow(SyntaxError)
  expect(() => parseMermaid(mermaid.replace("vector index", "vector <b>"))).toThrow(SyntaxError)
  expect(() => parseMermaid(mermaid.replace("n0", "end"))).toThrow(SyntaxError)
})

test.each<[string, unknown]>([
  ["graph", null],
  ["graph.nodes", { edges: [] }],
  ["graph.nodes[0].id", { nodes: [{ type: "index", health: 1 }], edges: [] }],
  ["graph.nodes[0].health", { nodes: [{ type: "index", id: 1, health: 2 }], edges: [] }],
  ["graph.edges", { nodes: [], edges: null }],
  ["graph.edges[0].source", { nodes: [], edges: [{ source: "a:1", target: "b:2", type: "dependency", capacity: 1 }] }],
])("%s wrong is 22023", (field, graph) => {
  expect(() => readPicture(graph)).toThrow(
    expect.objectContaining({ code: "22023", detail: expect.stringContaining(JSON.stringify(field)) }),
  )
})

test("a graph of the source document's keys alone is drawn", () => {
  const picture = readPicture({
    nodes: [
      { type: "partition", id: 1, health: 0.5 },
      { type: "shard", id: 0, name: "primary_shard", health: 1 },
    ],
    edges: [{ source: "partition:1", target: "shard:0", type: "partition_link", capacity: 0.5, error_rate: 0 }],
    node_count: 2,
    edge_count: 1,
  })
  expect(parseDot(toDot(picture)).edges).toHaveLength(1)
  expect(parseMermaid(toMermaid(picture)).nodes.get("n0")?.label).toBe("partition:1\nhealth 0.5")
})

test("a long sentence is cut short", () => {
  const node = { type: "index", id: 1, health: 1, words: "x".repeat(5000) }
  expect(toDot(readPicture({ nodes: [node], edges: [] })).length).toBeLessThan(1000)
})
