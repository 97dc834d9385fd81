import { eigenvalue, lastComponent, type Tridiagonal } from "./tridiagonal.ts"

/** y = A x for a symmetric A that maps vectors with zero sum to vectors with zero sum. */
export type Operator = (x: Float64Array, y: Float64Array) => void

export interface LanczosResult {
  readonly value: number
  readonly converged: boolean
}

/** Residual to stop at, relative to the value: a tenth of the error that lambda2 promises. */
export const TOLERANCE = 1e-10

export const dot = (x: Float64Array, y: Float64Array): number => {
  let even = 0
  let odd = 0
  let i = 0
  for (; i + 1 < x.length; i += 2) {
    even += x[i]! * y[i]!
    odd += x[i + 1]! * y[i + 1]!
  }
  if (i < x.length) even += x[i]! * y[i]!
  return even + odd
}

/** Takes the constant vector out. */
export const center = (x: Float64Array): void => {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]!
  const mean = sum / x.length
  for (let i = 0; i < x.length; i++) x[i]! -= mean
}

/** A fixed pseudo-random unit vector with zero sum (the same graph must give the same answer). */
export const startVector = (n: number): Float64Array => {
  const x = new Float64Array(n)
  let state = 12345
  for (let i = 0; i < n; i++) {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    x[i] = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 - 0.5
  }
  center(x)
  const scale = 1 / Math.sqrt(dot(x, x))
  for (let i = 0; i < n; i++) x[i]! *= scale
  return x
}

/**
 * Least or largest eigenvalue of a symmetric operator on the vectors with zero sum, by the Lanczos
 * recurrence of three terms (Paige 1972: without reorthogonalisation extreme eigenvalues come out
 * right, at worst several times). The constant vector is an eigenvector that must stay out: it is
 * projected away after each step's recurrence. Before the step alone would be silently
 * wrong, because rounding brings it back.
 *
 * Stops when the residual, which bounds the distance to an eigenvalue, is small (Parlett, "The
 * Symmetric Eigenvalue Problem", 13.2). The usual shorter way, the residual's square over the
 * gap to the next estimate, is wrong for two eigenvalues so close that the iteration
 * still sees one: then the residual stays at about their distance, and so does the error.
 * Gives up when the value is sure to be below `giveUpBelow`.
 */
export const lanczos = (
  n: number,
  apply: Operator,
  end: "least" | "largest",
  maxSteps: number,
  giveUpBelow = 0,
): LanczosResult => {
  const diagonal: number[] = []
  const beside: number[] = []
  let current: Float64Array = startVector(n)
  let before: Float64Array = new Float64Array(n)
  let next: Float64Array = new Float64Array(n)
  let value = 0
  for (let step = 1; step <= maxSteps; step++) {
    apply(current, next)
    const alpha = dot(current, next)
    const beta = step > 1 ? beside[step - 2]! : 0
    for (let i = 0; i < n; i++) next[i]! -= alpha * current[i]! + beta * before[i]!
    center(next)
    const norm = Math.sqrt(dot(next, next))
    diagonal.push(alpha)
    const invariant = norm <= 1e-15 * Math.abs(diagonal[0]!)
    if (invariant || (step >= 4 && (step % 4 === 0 || step === maxSteps) && (step < 100 || step % 20 === 0))) {
      const matrix: Tridiagonal = { size: step, diagonal, beside }
      value = eigenvalue(matrix, end === "least" ? 0 : step - 1)
      if (invariant) return { value, converged: true }
      // The least eigenvalue is never above its estimate.
      if (value < giveUpBelow) break
      if (norm * lastComponent(matrix, value) <= TOLERANCE * Math.abs(value)) return { value, converged: true }
    }
    beside.push(norm)
    const scale = 1 / norm
    for (let i = 0; i < n; i++) next[i]! *= scale
    const spare = before
    before = current
    current = next
    next = spare
  }
  return { value, converged: false }
}
