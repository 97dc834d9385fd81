/** Building the byte strings that are hashed: big-endian integers, and lp(x) = u32 length and x. */

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    result.set(part, at)
    at += part.length
  }
  return result
}

export const u8 = (value: number): Uint8Array => Uint8Array.of(value)

export const u16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value)

export const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)

export const u64 = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value)
  return bytes
}

export const f32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value)
  return bytes
}

export const lp = (bytes: Uint8Array): Uint8Array => concat(u32(bytes.length), bytes)

const littleEndianHost = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The bytes of float32 values, little-endian on every machine: a view where that is possible, else a copy. */
export const floatsToBytes = (values: Float32Array): Uint8Array => {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  return littleEndianHost ? bytes : swapped(bytes)
}

/** The float32 values of little-endian bytes, a copy. Bit-exact, also for -0 and subnormals. */
export const bytesToFloats = (bytes: Uint8Array): Float32Array => {
  // A Buffer of Node would not copy in slice().
  const copy = littleEndianHost ? new Uint8Array(bytes) : swapped(bytes)
  return new Float32Array(copy.buffer, 0, copy.length / 4)
}

const swapped = (bytes: Uint8Array): Uint8Array => {
  const result = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) result[i] = bytes[i ^ 3] as number
  return result
}
