const bits = new DataView(new ArrayBuffer(8))

/** A float8 as significand x 2^exponent, for finite numbers >= 0 (IEEE 754, binary64). */
const decompose = (x: number): { significand: bigint; exponent: number } => {
  bits.setFloat64(0, x)
  const raw = bits.getBigUint64(0)
  const field = Number(raw >> 52n)
  const fraction = raw & ((1n << 52n) - 1n)
  return field === 0
    ? { significand: fraction, exponent: -1074 }
    : { significand: fraction | (1n << 52n), exponent: field - 1075 }
}

/** The numbers as integers in one unit, a power of two: sums and comparisons of them are exact. */
export const exactIntegers = (numbers: readonly number[]): bigint[] => {
  const parts = numbers.map(decompose)
  let lowest = Infinity
  for (const { significand, exponent } of parts) if (significand > 0n && exponent < lowest) lowest = exponent
  return parts.map(({ significand, exponent }) => (significand === 0n ? 0n : significand << BigInt(exponent - lowest)))
}
