import { arrayOf, invalid, isObject, numberIn, objectOf, orNull, wholeIn } from "./input.ts"
import { hasFields, isFlag, isListOf, isNumber, isPosition, isText, nullOr } from "./shape.ts"
import type { Check } from "./shape.ts"
import type { Contracted, Cut, Witness } from "./types.ts"

const isSignal = hasFields({
  signal: isText,
  class: isText,
  health: isNumber,
  capacity: isNumber,
  hard: isFlag,
  blind: isFlag,
  members: isNumber,
  worst: nullOr(isText),
  words: isText,
})

const isNode = hasFields({
  node_type: isText,
  node_id: isNumber,
  node_name: isText,
  node_data: hasFields({ shard: isText, signals: isListOf(isSignal) }),
  health_score: isNumber,
  capacity: isNumber,
  class: isText,
  user_added: isFlag,
})

const isEdge = (nodeCount: number): Check =>
  hasFields({
    source_type: isText,
    source_id: isNumber,
    target_type: isText,
    target_id: isNumber,
    edge_type: isText,
    capacity: isNumber,
    full_capacity: isNumber,
    current_flow: isNumber,
    latency_ms: nullOr(isNumber),
    error_rate: isNumber,
    hard: isFlag,
    user_added: isFlag,
    source: isPosition(nodeCount),
    target: isPosition(nodeCount),
  })

const isContracted = (value: unknown): value is Contracted =>
  isObject(value) &&
  Array.isArray(value["nodes"]) &&
  Array.isArray(value["edges"]) &&
  value["node_count"] === value["nodes"].length &&
  value["edge_count"] === value["edges"].length &&
  value["nodes"].every(isNode) &&
  value["edges"].every(isEdge(value["nodes"].length)) &&
  isListOf(isText)(value["not_applicable"])

/** A graph that `_contract` returned, handed back through SQL. */
export const readContracted = (value: unknown): Contracted => {
  if (!isContracted(value)) throw invalid("graph", "the graph that _contract returned", value)
  return value
}

/** The part of a witness that words are made of. */
export type WitnessWords = Pick<Witness, "lambda_cut" | "blind" | "cause" | "words"> & {
  witness_edges: { words: string }[]
}

const hasWords = hasFields({
  lambda_cut: nullOr(isNumber),
  blind: isListOf(isText),
  cause: nullOr(isText),
  words: isText,
  witness_edges: isListOf(hasFields({ words: isText })),
})
const isWitness = (value: unknown): value is WitnessWords => hasWords(value)

/** A witness that `_witness` returned, handed back through SQL. */
export const readWitness = (value: unknown): WitnessWords => {
  if (!isWitness(value)) throw invalid("witness", "what _witness returned", value)
  return value
}

const amount = numberIn(0, Number.MAX_VALUE)
const positions = arrayOf(wholeIn(0, 2_147_483_647), Number.MAX_SAFE_INTEGER)

const cut = objectOf<Required<Cut>>(
  {
    cut_value: orNull(amount),
    side: orNull(positions),
    witness: orNull(positions),
    healthy_cut_value: orNull(amount),
  },
  { cut_value: null, side: null, witness: null, healthy_cut_value: null },
)

/** Reads what integrity.min_cut said. */
export const readCut = (value: unknown): Cut => cut(value ?? {}, "cut")
