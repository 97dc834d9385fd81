import { SqlError } from "../errors.ts"
import { minCut } from "../graph/min-cut.ts"
import { contract } from "./contract.ts"
import type { Checked } from "./evidence.ts"
import { SIGNALS } from "./evidence.ts"
import { invalid, isObject, numberIn, text } from "./input.ts"
import type { Assumption } from "./judge-signal.ts"
import type { Policy, State, WhatIf, Witness } from "./types.ts"
import { lambdaShown, witnessOf } from "./witness.ts"

/** Evidence to lambda_cut and witness in one go, for questions that no sample answers. */
export const witnessOfEvidence = (checked: Checked, assumption: Assumption | null = null): Witness => {
  const contraction = contract(checked, assumption)
  const cutOver = (weights: readonly number[]) =>
    minCut(contraction.node_count, {
      source: Int32Array.from(contraction.source),
      target: Int32Array.from(contraction.target),
      weight: Float64Array.from(weights),
    })
  const cut = cutOver(contraction.weight)
  const healthy = contraction.normalise ? cutOver(contraction.healthy_weight) : null
  return witnessOf(contraction.graph, {
    cut_value: cut?.cutValue ?? null,
    side: cut?.side ?? null,
    witness: cut?.witness ?? null,
    healthy_cut_value: healthy?.cutValue ?? null,
  })
}

/** Where a system with this lambda_cut settles, hysteresis aside. */
export const settledState = (policy: Policy, lambda: number | null): State => {
  if (lambda === null || lambda >= policy.threshold_high) return "normal"
  return lambda <= policy.threshold_low ? "critical" : "stress"
}

const health = numberIn(0, 1)
const name = text(500)

const readChange = (value: unknown): Assumption => {
  if (!isObject(value)) throw invalid("change", '{"remove": name} or {"node": name, "health": 0..1}', value)
  if ("remove" in value) return { name: name(value["remove"], "change.remove"), health: 0 }
  return { name: name(value["node"], "change.node"), health: health(value["health"], "change.health") }
}

/** Names that can be lost: roles, their members, foreign servers, the user's nodes. */
const knownNames = (checked: Checked): Set<string> => {
  const applicable = checked.signals.filter((row) => row.status !== "not_applicable")
  return new Set([
    ...applicable.map((row) => SIGNALS[row.signal].role).filter((role) => role !== "server"),
    ...applicable.map((row) => row.member),
    ...checked.userNodes.map((node) => node.name),
  ])
}

/**
 * The state in which the system would settle if the node or member of that name were lost, or had another health. Lost
 * means health 0, and hard evidence where the role is required. Errors: 42704 for a name that is not there.
 */
export const whatIf = (policy: Policy, checked: Checked, change: unknown): WhatIf => {
  const assumption = readChange(change)
  const known = knownNames(checked)
  if (!known.has(assumption.name))
    throw new SqlError("42704", `expected a node or member of ${checked.collection}, got "${assumption.name}"`, {
      detail: JSON.stringify({ collection: checked.collection, name: assumption.name }),
      hint: `Known: ${[...known].sort().join(", ")}.`,
    })
  const before = witnessOfEvidence(checked)
  const after = witnessOfEvidence(checked, assumption)
  const stateBefore = settledState(policy, before.lambda_cut)
  const stateAfter = settledState(policy, after.lambda_cut)
  const what =
    assumption.health === 0 ? `without ${assumption.name}` : `with ${assumption.name} at ${assumption.health}`
  return {
    before: { state: stateBefore, lambda_cut: before.lambda_cut },
    after: { state: stateAfter, lambda_cut: after.lambda_cut, witness_edges: after.witness_edges },
    words:
      `${what} lambda_cut would be ${lambdaShown(after.lambda_cut)} (now ${lambdaShown(before.lambda_cut)}) ` +
      `and the state ${stateAfter} (now ${stateBefore}); ${after.words}`,
  }
}
