/**
 * Weights in which every sum is exact in float8 arithmetic, or null when there are none.
 *
 * `unit` divides every weight, and all of them together are below 2^53 units.
 */
export interface CommonUnit {
  readonly weight: Float64Array
  readonly unit: number
}

const MANTISSA = 2 ** 52

/** Greatest common divisor; the remainder of two floats is exact (IEEE 754). */
const divisor = (a: number, b: number): number => {
  let x = a
  let y = b
  while (y !== 0) {
    const rest = x % y
    x = y
    y = rest
  }
  return x
}

/** The power of two just above x, for normal x. */
const powerAbove = (x: number): number => {
  let power = 2 ** Math.floor(Math.log2(x))
  while (power <= x) power *= 2
  return power
}

/**
 * Finds a unit for weights that are integers, halves and so on (a power of two), or multiples
 * of one real number (all 0.1, say): then they are replaced by their multiples, as integers.
 */
export const commonUnit = (weight: Float64Array, total: number, whole: boolean): CommonUnit | null => {
  if (whole && total <= MANTISSA) return { weight, unit: 1 }
  if (total < 2 ** -900 || total > 2 ** 1000) return null
  const unit = powerAbove(total) / MANTISSA
  const perUnit = 1 / unit
  let dyadic = true
  for (let i = 0; i < weight.length && dyadic; i++) {
    const multiple = weight[i]! * perUnit
    // A weight far below the unit may vanish in this product.
    dyadic = multiple === Math.floor(multiple) && (multiple > 0 || weight[i] === 0)
  }
  if (dyadic) return { weight, unit }
  let common = 0
  for (let i = 0; i < weight.length; i++) {
    const w = weight[i]!
    if (w === common || w === 0) continue
    common = divisor(w, common)
    if (total / common > MANTISSA) return null
  }
  return { weight: weight.map((w) => w / common), unit: 1 }
}
