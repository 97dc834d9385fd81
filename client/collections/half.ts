/** IEEE 754 binary16, in which a halfvec stores its elements. */
import { errorOf } from "../errors.ts"

const bits = new DataView(new ArrayBuffer(4))

/** The nearest half-precision number of a float32, ties to even; 22003 when there is none. */
export function toHalf(value: number): number {
  bits.setFloat32(0, value)
  const exponent = Math.max(((bits.getUint32(0) >>> 23) & 0xff) - 127, -14)
  // Ten bits of fraction; below 2^-14 the spacing stays that of 2^-14 (subnormal numbers).
  const unit = 2 ** (exponent - 10)
  const scaled = Math.abs(Math.fround(value)) / unit
  const floor = Math.floor(scaled)
  const rest = scaled - floor
  const rounded = (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor) * unit
  if (rounded > 65_504) throw errorOf("22003", `${value} is out of range for type halfvec`)
  return (bits.getUint32(0) & 0x80000000) === 0 ? rounded : -rounded
}
