/**
 * The JSON that crosses the border between SQL and the integrity library.
 *
 * How one sample runs, in SQL:
 *
 *   1. gather `Evidence` from the catalogs (rows of raw numbers, no judgement);
 *   2. `select * from integrity._contract(evidence)`
 *         -> graph jsonb, normalise boolean, node_count, source, target, weight, healthy_weight;
 *   3. `select * from integrity.min_cut(node_count, source, target, weight)`, and, when `normalise`,
 *      the same over `healthy_weight` (else the healthy cut is exactly 1);
 *   4. `integrity._witness(graph, cut)` with the `Cut` of step 3 -> `Witness`: lambda_cut, words, picture;
 *   5. `integrity._next_state(policy, machine, sample)` -> `Step`; when `wants_fresh_sample`, go to 1 once more
 *      at once, with `fresh: true`;
 *   6. when `Step.transition` is not null, or `Witness.is_index` differs from the one that the gates were compiled
 *      with: `integrity.compile_gates(policy, step.state, {"witness_is_index": witness.is_index})`.
 *
 * All times are whole microseconds since 1970 as JSON numbers (exact below 2^53, until the year 2255):
 * `(extract(epoch from clock_timestamp()) * 1000000)::bigint`. A time is always an argument, never read here.
 */

export type * from "./evidence-types.ts"
export type * from "./graph-types.ts"
export type * from "./machine-types.ts"
export type * from "./policy-types.ts"
