import type { Graph } from "./graphs.ts"

/**
 * All eigenvalues of a symmetric matrix, ascending, by cyclic Jacobi rotations (Golub, Van Loan
 * 8.5): slow, simple, and without anything in common with the code under test.
 */
export const jacobiEigenvalues = (matrix: readonly (readonly number[])[]): number[] => {
  const a = matrix.map((row) => [...row])
  const n = a.length
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p]![q]! ** 2
    if (off === 0) break
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (a[p]![q] === 0) continue
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!)
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1))
        const c = 1 / Math.hypot(t, 1)
        const s = t * c
        for (let k = 0; k < n; k++) {
          const kp = a[k]![p]!
          const kq = a[k]![q]!
          a[k]![p] = c * kp - s * kq
          a[k]![q] = s * kp + c * kq
        }
        for (let k = 0; k < n; k++) {
          const pk = a[p]![k]!
          const qk = a[q]![k]!
          a[p]![k] = c * pk - s * qk
          a[q]![k] = s * pk + c * qk
        }
      }
  }
  return a.map((row, i) => row[i]!).toSorted((x, y) => x - y)
}

/** The Laplacian as a full matrix: parallel edges add, self-loops do not count. */
export const laplacianMatrix = (graph: Graph): number[][] => {
  const matrix = Array.from({ length: graph.nodeCount }, () => Array.from({ length: graph.nodeCount }, () => 0))
  for (const [a, b, weight] of graph.list) {
    if (a === b) continue
    matrix[a]![a]! += weight
    matrix[b]![b]! += weight
    matrix[a]![b]! -= weight
    matrix[b]![a]! -= weight
  }
  return matrix
}
