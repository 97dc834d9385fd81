/**
 * Rounding a token's coordinates to what the server stores: once, from binary64, ties to
 * even (IEEE 754). Going to binary16 by way of binary32 would round twice. Zeros become +0.
 */
import { SqlError } from "../errors.ts"

const overflow = (value: number, type: string): SqlError =>
  new SqlError("22003", `a coordinate of a token does not fit ${type}: ${value}`)

/** The float32 nearest to a number. Throws SqlError 22003 on overflow and for NaN. */
export const roundToSingle = (value: number): number => {
  const rounded = Math.fround(value)
  if (!Number.isFinite(rounded)) throw overflow(value, "vector")
  return rounded + 0
}

const high = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0
const low = 1 - high
/** Adding and subtracting it rounds a small positive binary64 to a whole number, ties to even. */
const wholeNumbers = 2 ** 52
/** What lies between the biases of the exponents, at its place in the upper word of a binary64. */
const bias = (1023 - 15) << 20

/**
 * The binary16 nearest to each number, little-endian, from the bits of the binary64.
 * Throws SqlError 22003 on overflow and for NaN.
 */
export const roundToHalves = (values: Float64Array): Uint8Array => {
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
  const bytes = new Uint8Array(2 * values.length)
  for (let i = 0; i < values.length; i++) {
    const top = words[2 * i + high] as number
    const rest = words[2 * i + low] as number
    const magnitude = (top & 0x7fffffff) - bias
    let code: number
    if (magnitude < 1 << 20) {
      // Subnormal: whole multiples of 2^-24. 1024 of them are the smallest normal number, whose code follows.
      code = Math.abs(values[i] as number) * 2 ** 24 + wholeNumbers - wholeNumbers
    } else {
      // Half of the last place is 0x200, so more than 0x1ff carries; a tie carries where the kept part is odd.
      const sticky = (rest | -rest) >>> 31
      code = (magnitude + 0x1ff + (((magnitude >>> 10) & 1) | sticky)) >>> 10
      if (code >= 0x7c00) throw overflow(values[i] as number, "halfvec")
    }
    if (code !== 0) code |= (top >>> 16) & 0x8000
    bytes[2 * i] = code
    bytes[2 * i + 1] = code >>> 8
  }
  return bytes
}

/** The number that binary16 bits stand for; finite ones only. */
export const halfToNumber = (bits: number): number => {
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25)
  return bits & 0x8000 ? -magnitude : magnitude
}
