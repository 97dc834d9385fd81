import type { CommonUnit } from "./common-unit.ts"

/**
 * The state that the contraction algorithms share: the best cut so far and the contracted
 * graph's vertex of every node.
 *
 * A contraction may lose cuts, namely those that separate the contracted pair, and the pair's
 * connectivity bounds their values from below. So everything hangs on how much connectivity
 * is enough, see `contractAt`:
 * - `keepTies`: more than the best cut's value. What remains holds all minimum cuts.
 * - otherwise: the best cut's value. The minimum stays right, but ties may be lost.
 */
export interface CutSearch {
  readonly nodeCount: number
  /** Unit of which all sums are exact multiples, or 0 where sums are rounded. */
  readonly unit: number
  /** Four times the relative error that a sum of the graph's weights may have; 0 where sums are exact. */
  readonly slack: number
  /** Only the minimum is asked for, not which of several cuts has it. */
  readonly valueOnly: boolean
  keepTies: boolean
  /** A contraction may have lost one of several equal cuts, of whatever value (see contractAtHalf). */
  tiesLost: boolean
  /** Value of the best cut so far, as summed (exact when `unit` is not 0). */
  bound: number
  /** 1 for nodes on one side of the best cut, else 0. */
  side: Uint8Array
  /** A flow algorithm has shown that no cut is below the bound. */
  settled: boolean
  /** Node to vertex of the contracted graph, 0 .. vertexCount - 1. */
  label: Int32Array
  vertexCount: number
}

export const startSearch = (nodeCount: number, edgeCount: number, exact: CommonUnit | null): CutSearch => {
  const label = new Int32Array(nodeCount)
  for (let i = 0; i < nodeCount; i++) label[i] = i
  return {
    nodeCount,
    unit: exact === null ? 0 : exact.unit,
    slack: exact === null ? (edgeCount + 4) * 2 ** -51 : 0,
    valueOnly: false,
    // The first bound is the least degree: one node, the smallest side there is. While it stands,
    // ties are of no interest; but rounded sums cannot tell a tie from a better cut.
    keepTies: exact === null,
    tiesLost: false,
    bound: Infinity,
    side: new Uint8Array(nodeCount),
    settled: false,
    label,
    vertexCount: nodeCount,
  }
}

/** A search of the whole graph anew that keeps ties, with the best cut that another one found. */
export const tieSearch = (found: CutSearch): CutSearch => ({
  ...found,
  keepTies: true,
  tiesLost: false,
  settled: false,
  label: Int32Array.from(found.label, (_, node) => node),
  vertexCount: found.nodeCount,
})

/** The same contracted graph and best cut, to look only for a smaller value from here. */
export const valueSearch = (search: CutSearch): CutSearch => ({
  ...search,
  valueOnly: true,
  keepTies: false,
  side: search.side.slice(),
  label: search.label.slice(),
})

/** The least sum that is surely above `value`. */
const above = (search: CutSearch, value: number): number =>
  search.unit > 0 ? value + search.unit : Math.max(value * (1 + search.slack), value + Number.MIN_VALUE)

/** Least connectivity at which a pair of vertices may be contracted. */
export const contractAt = (search: CutSearch): number => (search.keepTies ? above(search, search.bound) : search.bound)

/** The least float8 that is not below half of `value`: among subnormal numbers, halves are rounded, to even. */
const halfOf = (value: number): number => {
  const half = value / 2
  return half * 2 < value ? half + Number.MIN_VALUE : half
}

/**
 * Least weight at which an edge of vertex y may be contracted because it has half of y's degree.
 * Of the cuts that separate its ends, the edge loses all but y's own, whatever their value: each
 * is no better than the same cut with y moved across, and worse if the edge has more than half.
 */
export const contractAtHalf = (search: CutSearch, degree: number): number => {
  if (!search.keepTies) return halfOf(degree)
  return degree < contractAt(search) ? Infinity : halfOf(above(search, degree))
}

/** Records a better cut: one side is the set of vertices for which `inside` holds. */
export const improve = (search: CutSearch, value: number, inside: (vertex: number) => boolean): void => {
  const { nodeCount, label, side } = search
  if (search.bound !== Infinity && !search.valueOnly) search.keepTies = true
  search.bound = value
  for (let i = 0; i < nodeCount; i++) side[i] = inside(label[i]!) ? 1 : 0
}

/** Renames the vertices after a contraction: `rename` maps old to new. */
export const relabel = (search: CutSearch, rename: Int32Array, vertexCount: number): void => {
  const { nodeCount, label } = search
  for (let i = 0; i < nodeCount; i++) label[i] = rename[label[i]!]!
  search.vertexCount = vertexCount
}
