import { invalid, isObject } from "./input.ts"
import { readMachine, time } from "./machine.ts"
import { validatePolicy } from "./policy.ts"
import { readContracted, readWitness } from "./stored-graph.ts"
import type { WitnessWords } from "./stored-graph.ts"
import type { Contracted, Explanation, GraphNode, Machine, Policy, State } from "./types.ts"
import { bindingSignal, edgeWords, lambdaShown } from "./witness.ts"

const MICROS = 1_000_000

/** "42 s", "5 min", "3 h", "2 days": whole units, rounded down. */
export const durationWords = (micros: number): string => {
  const secs = Math.max(0, Math.floor(micros / MICROS))
  if (secs < 120) return `${secs} s`
  if (secs < 7200) return `${Math.floor(secs / 60)} min`
  return secs < 172_800 ? `${Math.floor(secs / 3600)} h` : `${Math.floor(secs / 86_400)} days`
}

const since = (from: number | null, now: number): string => (from === null ? "" : `, for ${durationWords(now - from)}`)

const roleLine = (node: GraphNode): string => {
  const signals = node.node_data.signals.filter((signal) => signal.capacity < 1)
  return `${node.node_name} (${node.class}, capacity ${lambdaShown(node.capacity)}): ${signals.map((s) => s.words).join("; ")}`
}

const ADVICE: Readonly<Record<State, (policy: Policy, isImpaired: boolean) => string>> = {
  normal: (_policy, isImpaired) =>
    isImpaired ? "The state is still normal: nothing is held up." : "Nothing needs to be done.",
  stress: (policy) =>
    `Back to normal when lambda_cut stays above ${lambdaShown(policy.threshold_high + policy.hysteresis.recover_margin)} ` +
    `for ${policy.hysteresis.hold_secs} s.`,
  critical: (policy) =>
    `Back to stress when lambda_cut stays above ${lambdaShown(policy.threshold_low + policy.hysteresis.recover_margin)} ` +
    `for ${policy.hysteresis.hold_secs} s.`,
}

const holdLine = (policy: Policy, machine: Machine): string[] => {
  if (machine.held_us === null) return []
  const left = policy.hysteresis.hold_secs * MICROS - machine.held_us
  const { probe_budget: budget } = policy.hysteresis
  const open =
    budget > 0 && machine.state !== "normal" ? ` Meanwhile ${budget} refused operations a sample pass as probes.` : ""
  return [`It is there now; ${durationWords(left)} of calm are still to come.${open}`]
}

const overrideLine = (machine: Machine, now: number): string[] => {
  const { override } = machine
  if (override === null || now >= override.until_us) return []
  return [
    `${override.by} has pinned state ${override.state} for another ${durationWords(override.until_us - now)}: ` +
      `${override.reason}. Measured: ${machine.state}.`,
  ]
}

/** Which role, what evidence, since when; what is blind or does not apply; when it will be over. */
export const explain = (
  collection: string,
  policy: Policy,
  machine: Machine,
  witness: WitnessWords,
  graph: Contracted,
  now: number,
): Explanation => {
  const pinned = machine.override !== null && now < machine.override.until_us ? machine.override : null
  const state = pinned?.state ?? machine.state
  const impaired = graph.nodes.filter((node) => bindingSignal(node) !== null).sort((a, b) => a.capacity - b.capacity)
  const edges = graph.edges.filter((edge) => edge.user_added && edge.capacity < edge.full_capacity)
  const notApplicable =
    graph.not_applicable.length > 0 ? [`Does not apply here: ${graph.not_applicable.join("; ")}.`] : []
  return {
    state,
    lambda_cut: witness.lambda_cut,
    summary:
      `${collection} is in state ${state}${since(pinned?.since_us ?? machine.since_us, now)}; ` +
      `${witness.words}${since(machine.cause_since_us, now)}`,
    lines: [
      ...overrideLine(machine, now),
      ...impaired.map(roleLine),
      ...edges.map((edge) => `Impaired: ${edgeWords(graph, edge)}.`),
      // of a healthy graph every role is the weakest: its minimum cut says nothing
      ...(witness.cause === null ? [] : witness.witness_edges.map((edge) => `Minimum cut: ${edge.words}.`)),
      ...(witness.blind.length > 0 ? [`Cannot be seen: ${witness.blind.join(", ")}.`] : []),
      ...notApplicable,
      ADVICE[machine.state](policy, impaired.length + edges.length > 0),
      ...holdLine(policy, machine),
    ],
  }
}

/** Reads the request of `integrity._explain`. */
export const explainRequest = (value: unknown): Explanation => {
  if (!isObject(value)) throw invalid("request", "an object", value)
  const { collection } = value
  if (typeof collection !== "string") throw invalid("request.collection", "a name", collection)
  return explain(
    collection,
    validatePolicy(value["policy"]),
    readMachine(value["machine"]),
    readWitness(value["witness"]),
    readContracted(value["graph"]),
    time(value["now_us"], "request.now_us"),
  )
}
