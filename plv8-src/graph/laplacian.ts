import { adjacencyOf } from "./adjacency.ts"
import type { Edges } from "./edges.ts"
import type { Operator } from "./lanczos.ts"

/** The Laplacian D - W of a graph: x gives degree times x, less the weighted sum over the neighbours. */
export interface Laplacian {
  readonly nodeCount: number
  readonly degree: Float64Array
  readonly apply: Operator
  /** The symmetric matrix of weights, row by row, for dense graphs. */
  readonly matrix: Float64Array | null
}

const MATRIX_NODES = 3000
const MATRIX_FILL = 6

const denseLaplacian = (n: number, edges: Edges): Laplacian => {
  const { source, target, weight } = edges
  const matrix = new Float64Array(n * n)
  const degree = new Float64Array(n)
  for (let i = 0; i < source.length; i++) {
    const a = source[i]!
    const b = target[i]!
    if (a === b) continue
    const w = weight[i]!
    matrix[a * n + b]! += w
    matrix[b * n + a]! += w
    degree[a]! += w
    degree[b]! += w
  }
  // Two rows and two columns at a time: four independent sums keep the processor busy.
  const apply: Operator = (x, y) => {
    let row = 0
    for (; row + 1 < n; row += 2) {
      const upper = row * n
      const lower = upper + n
      let u0 = 0
      let u1 = 0
      let l0 = 0
      let l1 = 0
      let j = 0
      for (; j + 1 < n; j += 2) {
        const x0 = x[j]!
        const x1 = x[j + 1]!
        u0 += matrix[upper + j]! * x0
        u1 += matrix[upper + j + 1]! * x1
        l0 += matrix[lower + j]! * x0
        l1 += matrix[lower + j + 1]! * x1
      }
      if (j < n) {
        u0 += matrix[upper + j]! * x[j]!
        l0 += matrix[lower + j]! * x[j]!
      }
      y[row] = degree[row]! * x[row]! - (u0 + u1)
      y[row + 1] = degree[row + 1]! * x[row + 1]! - (l0 + l1)
    }
    if (row < n) {
      let sum = 0
      for (let j = 0, at = row * n; j < n; j++, at++) sum += matrix[at]! * x[j]!
      y[row] = degree[row]! * x[row]! - sum
    }
  }
  return { nodeCount: n, degree, apply, matrix }
}

const sparseLaplacian = (n: number, edges: Edges): Laplacian => {
  const { start, neighbour, weight } = adjacencyOf(n, edges, edges.source.length)
  const degree = new Float64Array(n)
  for (let v = 0; v < n; v++) for (let i = start[v]!; i < start[v + 1]!; i++) degree[v]! += weight[i]!
  const apply: Operator = (x, y) => {
    for (let v = 0; v < n; v++) {
      let sum = 0
      for (let i = start[v]!, end = start[v + 1]!; i < end; i++) sum += weight[i]! * x[neighbour[i]!]!
      y[v] = degree[v]! * x[v]! - sum
    }
  }
  return { nodeCount: n, degree, apply, matrix: null }
}

export const laplacianOf = (nodeCount: number, edges: Edges): Laplacian =>
  nodeCount <= MATRIX_NODES && edges.source.length * MATRIX_FILL >= nodeCount * nodeCount
    ? denseLaplacian(nodeCount, edges)
    : sparseLaplacian(nodeCount, edges)
