import { center, dot, type LanczosResult, type Operator, startVector, TOLERANCE } from "./lanczos.ts"

/** A vector and its image under the operator, kept in step. */
interface Pair {
  readonly vector: Float64Array
  readonly image: Float64Array
}

const newPair = (n: number): Pair => ({ vector: new Float64Array(n), image: new Float64Array(n) })

/** y += factor x, for vector and image. */
const add = (y: Pair, factor: number, x: Pair): void => {
  for (let i = 0; i < y.vector.length; i++) {
    y.vector[i]! += factor * x.vector[i]!
    y.image[i]! += factor * x.image[i]!
  }
}

const scale = (y: Pair, factor: number): void => {
  for (let i = 0; i < y.vector.length; i++) {
    y.vector[i]! *= factor
    y.image[i]! *= factor
  }
}

/** Makes y a unit vector orthogonal to the others; false when nothing is left of it. */
const orthonormalize = (y: Pair, others: readonly Pair[]): boolean => {
  const before = Math.sqrt(dot(y.vector, y.vector))
  for (let round = 0; round < 2; round++) for (const x of others) add(y, -dot(x.vector, y.vector), x)
  const norm = Math.sqrt(dot(y.vector, y.vector))
  if (!(norm > 1e-12 * before)) return false
  scale(y, 1 / norm)
  return true
}

/** Unit eigenvector of the least eigenvalue of a small symmetric matrix, by Jacobi rotations (Golub, Van Loan 8.5). */
const leastEigenvector = (matrix: readonly number[][]): number[] => {
  const a = matrix.map((row) => [...row])
  const n = a.length
  const vectors = a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0)))
  for (let sweep = 0, rotated = true; rotated && sweep < 30; sweep++) {
    rotated = false
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p]![q]!) <= 1e-17 * (Math.abs(a[p]![p]!) + Math.abs(a[q]![q]!))) continue
        rotated = true
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!)
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        const s = t * c
        const rotate = (row: number[]): void => {
          const x = row[p]!
          const y = row[q]!
          row[p] = c * x - s * y
          row[q] = s * x + c * y
        }
        for (const row of a) rotate(row)
        const rowP = a[p]!.map((x, k) => c * x - s * a[q]![k]!)
        a[q] = a[q]!.map((y, k) => s * a[p]![k]! + c * y)
        a[p] = rowP
        for (const row of vectors) rotate(row)
      }
  }
  let least = 0
  for (let i = 1; i < n; i++) if (a[i]![i]! < a[least]![least]!) least = i
  return vectors.map((row) => row[least]!)
}

/**
 * Least eigenvalue on the vectors with zero sum by the locally optimal conjugate gradient
 * (Knyazev, "Toward the optimal preconditioned eigensolver", 2001), preconditioned by the diagonal:
 * each step takes the best vector of three dimensions, the estimate, its residual over the
 * diagonal, and the last step's direction. Where degrees differ widely it needs a fraction of
 * the steps of Lanczos. Converges by the same residual as Lanczos does; images are kept by
 * recurrence and computed anew before a result counts.
 */
export const preconditioned = (n: number, apply: Operator, diagonal: Float64Array, maxSteps: number): LanczosResult => {
  const estimate = newPair(n)
  const residual = newPair(n)
  const direction = newPair(n)
  const next = newPair(n)
  estimate.vector.set(startVector(n))
  apply(estimate.vector, estimate.image)
  let hasDirection = false
  let fresh = true
  let value = 0
  for (let step = 0; step < maxSteps; step++) {
    value = dot(estimate.vector, estimate.image)
    let squares = 0
    for (let i = 0; i < n; i++) {
      const r = estimate.image[i]! - value * estimate.vector[i]!
      squares += r * r
      residual.vector[i] = r / diagonal[i]!
    }
    if (Math.sqrt(squares) <= TOLERANCE * value) {
      if (fresh) return { value, converged: true }
      center(estimate.vector)
      scale(estimate, 1 / Math.sqrt(dot(estimate.vector, estimate.vector)))
      apply(estimate.vector, estimate.image)
      fresh = true
      hasDirection = false
      continue
    }
    center(residual.vector)
    apply(residual.vector, residual.image)
    const basis = [estimate]
    if (orthonormalize(residual, basis)) basis.push(residual)
    if (hasDirection && orthonormalize(direction, basis)) basis.push(direction)
    if (basis.length === 1) break
    const best = leastEigenvector(basis.map((a) => basis.map((b) => dot(a.vector, b.image))))
    next.vector.fill(0)
    next.image.fill(0)
    for (let i = 1; i < basis.length; i++) add(next, best[i]!, basis[i]!)
    direction.vector.set(next.vector)
    direction.image.set(next.image)
    scale(estimate, best[0]!)
    add(estimate, 1, next)
    hasDirection = true
    fresh = false
  }
  return { value, converged: false }
}
