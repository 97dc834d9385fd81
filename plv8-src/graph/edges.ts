import { SqlError } from "../errors.ts"

/** An undirected multigraph's edges: three arrays of one length; nodes are numbered from 0. */
export interface Edges {
  readonly source: Int32Array
  readonly target: Int32Array
  readonly weight: Float64Array
}

/** Work arrays are allocated by node, so a mistyped node count must not exhaust the memory. */
export const MAX_NODES = 1 << 24

const invalidEdge = (position: number, expected: string, got: string): SqlError =>
  new SqlError("22023", `edge at position ${position}: expected ${expected}, got ${got}`, {
    detail: JSON.stringify({ position }),
    hint: "Positions count from 0, as in the witness.",
  })

/** What one look at all edges tells. */
export interface EdgeSummary {
  readonly total: number
  readonly largest: number
  /** All weights are whole numbers. */
  readonly whole: boolean
  /** Sum of the weights at each node, self-loops left out. */
  readonly degree: Float64Array
}

/**
 * Checks a graph as it came from outside, and sums it up.
 *
 * Errors: 22023 for a negative node count, arrays of different lengths, a node outside
 * 0 .. nodeCount - 1, and a weight that is negative, infinite or NaN (the message names the
 * position); 54000 above MAX_NODES; 22003 when the weights add up beyond float8.
 */
export const checkEdges = (nodeCount: number, edges: Edges): EdgeSummary => {
  const { source, target, weight } = edges
  if (!Number.isInteger(nodeCount) || nodeCount < 0)
    throw new SqlError("22023", `expected a node count of 0 or more, got ${nodeCount}`)
  if (nodeCount > MAX_NODES)
    throw new SqlError("54000", `expected at most ${MAX_NODES} nodes, got ${nodeCount}`, {
      hint: "Number the nodes that have edges from 0 without gaps.",
    })
  if (source.length !== target.length || source.length !== weight.length)
    throw new SqlError(
      "22023",
      `expected source, target and weight of one length, got ${source.length}, ${target.length} and ${weight.length}`,
    )
  const degree = new Float64Array(nodeCount)
  let total = 0
  let largest = 0
  let whole = true
  for (let i = 0; i < source.length; i++) {
    const a = source[i]!
    const b = target[i]!
    const w = weight[i]!
    if (a < 0 || a >= nodeCount) throw invalidEdge(i, `a source from 0 to ${nodeCount - 1}`, `${a}`)
    if (b < 0 || b >= nodeCount) throw invalidEdge(i, `a target from 0 to ${nodeCount - 1}`, `${b}`)
    if (!(w >= 0 && w < Infinity)) throw invalidEdge(i, "a finite weight of 0 or more", `${w}`)
    total += w
    if (w > largest) largest = w
    if (whole && w !== Math.floor(w)) whole = false
    if (a === b) continue
    degree[a]! += w
    degree[b]! += w
  }
  if (total === Infinity) throw new SqlError("22003", "the sum of the weights is out of range for float8")
  return { total, largest, whole, degree }
}
