/** Symmetric tridiagonal matrix: the first `size` entries of the diagonal, and the `size` - 1 beside them. */
export interface Tridiagonal {
  readonly size: number
  readonly diagonal: readonly number[]
  readonly beside: readonly number[]
}

/** Eigenvalues below x, by the signs of the pivots of T - x (Sturm; Golub, Van Loan 8.4). */
const countBelow = ({ size, diagonal, beside }: Tridiagonal, x: number): number => {
  let count = 0
  let pivot = 1
  for (let i = 0; i < size; i++) {
    const b = i > 0 ? beside[i - 1]! : 0
    pivot = diagonal[i]! - x - (b * b) / pivot
    if (pivot === 0) pivot = -1e-300
    if (pivot < 0) count++
  }
  return count
}

/** The eigenvalue with `rank` eigenvalues below it, by bisection to the last bit or so. */
export const eigenvalue = (matrix: Tridiagonal, rank: number): number => {
  const { size, diagonal, beside } = matrix
  let low = Infinity
  let high = -Infinity
  for (let i = 0; i < size; i++) {
    const radius = (i > 0 ? Math.abs(beside[i - 1]!) : 0) + (i < size - 1 ? Math.abs(beside[i]!) : 0)
    low = Math.min(low, diagonal[i]! - radius)
    high = Math.max(high, diagonal[i]! + radius)
  }
  // Not (a > b) rather than a <= b: NaN must end the loop too.
  for (;;) {
    const middle = low + (high - low) / 2
    if (!(middle > low && middle < high && high - low > 4e-16 * Math.abs(high))) return middle
    if (countBelow(matrix, middle) > rank) high = middle
    else low = middle
  }
}

/**
 * Magnitude of the last component of the unit eigenvector of an eigenvalue, by inverse iteration
 * (LU of T - value with partial pivoting; a zero pivot is replaced by a tiny one).
 */
export const lastComponent = (matrix: Tridiagonal, value: number): number => {
  const { size, diagonal, beside } = matrix
  if (size === 1) return 1
  let scale = 0
  for (let i = 0; i < size; i++)
    scale = Math.max(scale, Math.abs(diagonal[i]!), i < size - 1 ? Math.abs(beside[i]!) : 0)
  const tiny = scale * 1e-17
  const vector = new Float64Array(size).fill(1)
  const first = new Float64Array(size)
  const second = new Float64Array(size)
  const third = new Float64Array(size)
  for (let round = 0; round < 3; round++) {
    third.fill(0)
    for (let i = 0; i < size; i++) {
      first[i] = diagonal[i]! - value
      second[i] = i < size - 1 ? beside[i]! : 0
    }
    for (let i = 0; i < size - 1; i++) {
      const below = beside[i]!
      if (Math.abs(first[i]!) >= Math.abs(below)) {
        if (first[i] === 0) first[i] = tiny
        const factor = below / first[i]!
        first[i + 1]! -= factor * second[i]!
        vector[i + 1]! -= factor * vector[i]!
      } else {
        // Row i + 1 becomes the pivot row.
        const factor = first[i]! / below
        const oldSecond = second[i]!
        const nextFirst = first[i + 1]!
        const swap = vector[i]!
        first[i] = below
        second[i] = nextFirst
        first[i + 1] = oldSecond - factor * nextFirst
        if (i < size - 2) {
          third[i] = second[i + 1]!
          second[i + 1] = -factor * third[i]!
        }
        vector[i] = vector[i + 1]!
        vector[i + 1] = swap - factor * vector[i]!
      }
    }
    if (Math.abs(first[size - 1]!) < tiny) first[size - 1] = tiny
    let largest = 0
    for (let i = size - 1; i >= 0; i--) {
      let rest = vector[i]!
      if (i + 1 < size) rest -= second[i]! * vector[i + 1]!
      if (i + 2 < size) rest -= third[i]! * vector[i + 2]!
      vector[i] = rest / first[i]!
      largest = Math.max(largest, Math.abs(vector[i]!))
    }
    let squares = 0
    for (let i = 0; i < size; i++) {
      vector[i]! /= largest
      squares += vector[i]! * vector[i]!
    }
    const norm = Math.sqrt(squares)
    for (let i = 0; i < size; i++) vector[i]! /= norm
  }
  return Math.abs(vector[size - 1]!)
}
