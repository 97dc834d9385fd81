import { arrayOf, beginningOf, boolean, invalid, isObject, numberIn, orNull, text, wholeIn } from "./input.ts"
import type { Reader } from "./input.ts"

export type PictureNode = { key: string; name: string; type: string; health: number; words: string | null }
export type PictureEdge = { source: string; target: string; type: string; capacity: number; witness: boolean }
export type Picture = { nodes: PictureNode[]; edges: PictureEdge[]; lambda: number | null }

const label = text(Number.MAX_SAFE_INTEGER, 0)
/** More than this of a sentence does not fit beside a node. */
const WORDS_LENGTH = 200
const sentence: Reader<string> = (value, path) => {
  const whole = label(value, path)
  return whole.length > WORDS_LENGTH ? `${beginningOf(whole, WORDS_LENGTH)}...` : whole
}
const share = numberIn(0, 1)
const amount = numberIn(0, Number.MAX_VALUE)
const id = wholeIn(0, Number.MAX_SAFE_INTEGER)

const node: Reader<PictureNode> = (value, path) => {
  if (!isObject(value)) throw invalid(path, "an object", value)
  const type = label(value["type"], `${path}.type`)
  const key = `${type}:${id(value["id"], `${path}.id`)}`
  return {
    key,
    type,
    name: orNull(label)(value["name"] ?? null, `${path}.name`) ?? key,
    health: share(value["health"], `${path}.health`),
    words: orNull(sentence)(value["words"] ?? null, `${path}.words`),
  }
}

const edge: Reader<PictureEdge> = (value, path) => {
  if (!isObject(value)) throw invalid(path, "an object", value)
  return {
    source: label(value["source"], `${path}.source`),
    target: label(value["target"], `${path}.target`),
    type: label(value["type"], `${path}.type`),
    capacity: amount(value["capacity"], `${path}.capacity`),
    witness: boolean(value["witness"] ?? false, `${path}.witness`),
  }
}

const nodes = arrayOf(node, 1_000_000)
const edges = arrayOf(edge, 10_000_000)

/**
 * Reads the JSON of integrity.contracted_graph for drawing. Errors: 22023 naming the field; an edge whose end is not
 * among the nodes.
 */
export const readPicture = (value: unknown): Picture => {
  if (!isObject(value)) throw invalid("graph", "the JSON of integrity.contracted_graph", value)
  const picture: Picture = {
    nodes: nodes(value["nodes"], "graph.nodes"),
    edges: edges(value["edges"], "graph.edges"),
    lambda: orNull(amount)(value["lambda_cut"] ?? null, "graph.lambda_cut"),
  }
  const keys = new Set(picture.nodes.map((entry) => entry.key))
  for (const [position, entry] of picture.edges.entries())
    for (const end of ["source", "target"] as const)
      if (!keys.has(entry[end]))
        throw invalid(`graph.edges[${position}].${end}`, 'the "type:id" of a node in the graph', entry[end])
  return picture
}

/** Numbers on pictures: at most two decimals. */
export const rounded = (value: number): string => String(Number(value.toFixed(2)))

/** The minimum cut is always thick; red is for one that is less than it should be. */
export const cutColour = (picture: Picture): string => (picture.lambda === 1 ? "#1565c0" : "#c62828")

/** Full health, impaired, failed: how a node is coloured. */
export const condition = (health: number): "healthy" | "impaired" | "failed" => {
  if (health >= 1) return "healthy"
  return health > 0 ? "impaired" : "failed"
}

/** Control characters and line separators mean nothing in a label. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
export const oneLine = (value: string): string => value.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/gu, " ")
