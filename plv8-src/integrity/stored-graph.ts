import { arrayOf, invalid, isObject, numberIn, objectOf, orNull, wholeIn } from "./input.ts"
import type { Contracted, Cut } from "./types.ts"

/**
 * A graph that `_contract` returned, handed back through SQL. Only its outline is checked: its parts were made here, and
 * whoever may call this may also make them up.
 */
export const readContracted = (value: unknown): Contracted => {
  if (!isContracted(value)) throw invalid("graph", "the graph that _contract returned", value)
  return value
}

const isContracted = (value: unknown): value is Contracted =>
  isObject(value) &&
  Array.isArray(value["nodes"]) &&
  Array.isArray(value["edges"]) &&
  Array.isArray(value["not_applicable"]) &&
  value["node_count"] === value["nodes"].length &&
  value["edge_count"] === value["edges"].length &&
  value["nodes"].every((node) => isObject(node) && isObject(node["node_data"])) &&
  value["edges"].every(isObject)

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
