import { expect, test } from "@jest/globals"
import fc from "fast-check"
import { SqlError } from "../../../plv8-src/errors.ts"
import { checkGate } from "../../../plv8-src/integrity/check-gate.ts"
import { contract } from "../../../plv8-src/integrity/contract.ts"
import { compileGates, stateNamed } from "../../../plv8-src/integrity/decide.ts"
import { toDot } from "../../../plv8-src/integrity/dot.ts"
import { readEvidence } from "../../../plv8-src/integrity/evidence.ts"
import { explainRequest } from "../../../plv8-src/integrity/explain.ts"
import { readGateContext } from "../../../plv8-src/integrity/gate-context.ts"
import { NEW_MACHINE, readMachine, readSample } from "../../../plv8-src/integrity/machine.ts"
import { toMermaid } from "../../../plv8-src/integrity/mermaid.ts"
import { pinState } from "../../../plv8-src/integrity/override.ts"
import { readPicture } from "../../../plv8-src/integrity/picture.ts"
import { mergePolicy, validatePolicy } from "../../../plv8-src/integrity/policy.ts"
import { nextState } from "../../../plv8-src/integrity/state-machine.ts"
import { readContracted, readCut } from "../../../plv8-src/integrity/stored-graph.ts"
import { whatIf, witnessOfEvidence } from "../../../plv8-src/integrity/what-if.ts"
import { witnessOf } from "../../../plv8-src/integrity/witness.ts"
import { evidenceOf, healthySignals } from "./evidence-samples.ts"

const isLong = process.env["PENSTOCK_TEST_LONG"] === "1"

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json

const policy = asJson(validatePolicy({}))
const evidence = asJson(
  evidenceOf({
    signals: healthySignals(),
    user_nodes: [{ id: 1, node_type: "gateway", name: "lb", class: "required", health: 0.5 }],
    user_edges: [{ source: "lb", target: "east", edge_type: "routing_link", health: 0.5 }],
  }),
)
const { graph } = contract(readEvidence(evidence))
const witness = witnessOfEvidence(readEvidence(evidence))
const override = { state: "stress", reason: "r", by: "b", since_us: 1, until_us: 9 }
const machine = { ...NEW_MACHINE, override, lambda2_slots: [{ slot: 1, peak: 2 }] }
const sample = { now_us: 5, lambda_cut: 0.5, hard: true, fresh: true, cause: "a/b", lambda2: 1 }
const cut = { cut_value: 1, side: [0], witness: [0], healthy_cut_value: 2 }

/** Every function that SQL can call, as one function of an array of JSON values, and values that it accepts. */
const entries: Record<string, [(args: Json[]) => unknown, unknown[]]> = {
  validate_policy: [([a]) => validatePolicy(a), [policy]],
  merge_policy: [([a, b]) => mergePolicy(a, b), [policy, { stress_actions: { allow_reads: null } }]],
  compile_gates: [
    ([a, b, c]) => compileGates(validatePolicy(a), stateNamed(b), readGateContext(c)),
    [policy, "stress", { witness_is_index: true }],
  ],
  _next_state: [([a, b, c]) => nextState(validatePolicy(a), readMachine(b), readSample(c)), [policy, machine, sample]],
  _pin_state: [
    ([a, b]) => pinState(readMachine(a), b),
    [machine, { state: "normal", reason: "r", by: "b", duration_secs: 5, now_us: 7 }],
  ],
  _contract: [([a]) => contract(readEvidence(a)), [evidence]],
  _witness: [([a, b]) => witnessOf(readContracted(a), readCut(b)), [graph, cut]],
  _explain: [
    ([a]) => explainRequest(a),
    [{ collection: "docs", policy: {}, machine, witness: { ...witness, graph: null }, graph, now_us: 9 }],
  ],
  _what_if: [([a, b, c]) => whatIf(validatePolicy(a), readEvidence(b), c), [policy, evidence, { remove: "lb" }]],
  _check_gate: [
    ([a]) => checkGate(a),
    [{ policy: {}, operation: "insert", state: "stress", override, context: {}, running: 1, batch_rows: 2, now_us: 9 }],
  ],
  _graph_dot: [([a]) => toDot(readPicture(a)), [witness.graph]],
  _graph_mermaid: [([a]) => toMermaid(readPicture(a)), [witness.graph]],
}

const rubbish = fc.oneof(
  fc.constantFrom<Json>(null, true, -1, 0.5, 1e300, "", "x", "__proto__", [], {}, [null], [1], { constructor: 1 }),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
)

/** The value with one place, found by walking down with the given steps, replaced; or the place removed. */
const spoiled = (value: Json, steps: readonly number[], replacement: Json | undefined): Json => {
  const [step, ...rest] = steps
  if (step === undefined || typeof value !== "object" || value === null) return replacement ?? null
  if (Array.isArray(value)) {
    if (value.length === 0) return replacement ?? null
    const at = step % value.length
    if (rest.length === 0 && replacement === undefined) return value.filter((_, i) => i !== at)
    return value.map((item, i) => (i === at ? spoiled(item, rest, replacement) : item))
  }
  const keys = Object.keys(value)
  const key = keys[step % Math.max(1, keys.length)]
  if (key === undefined) return replacement ?? null
  const { [key]: old = null, ...others } = value
  if (rest.length === 0 && replacement === undefined) return others
  return { ...others, [key]: spoiled(old, rest, replacement) }
}

test.each(Object.entries(entries))(
  "%s: whatever JSON it gets, it answers or raises a SQLSTATE",
  (_name, [run, accepted]) => {
    const valid = asJson(accepted) as Json[]
    expect(() => run(valid)).not.toThrow()
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 }),
        fc.option(rubbish, { nil: undefined }),
        (steps, value) => {
          const given = spoiled(valid, steps, value)
          try {
            const answer = run(Array.isArray(given) ? given : [given])
            expect(JSON.stringify(answer)).not.toContain("undefined")
          } catch (error) {
            if (!(error instanceof SqlError))
              throw new Error(`no SQLSTATE for ${JSON.stringify(given)}`, { cause: error })
            expect(["22023", "42704"]).toContain(error.code)
          }
        },
      ),
      { numRuns: isLong ? 50_000 : 400 },
    )
  },
)
