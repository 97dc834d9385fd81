import { SqlError } from "../errors.ts"
import type { Edges } from "./edges.ts"

/** int32 source, int32 target, float64 weight, all little-endian. */
export const BYTES_PER_EDGE = 16

/** Reads edges from their packed form. Errors: 22023 when the length is not a multiple of 16. */
export const edgesFromBytes = (bytes: Uint8Array): Edges => {
  if (bytes.length % BYTES_PER_EDGE !== 0)
    throw new SqlError("22023", `expected a multiple of ${BYTES_PER_EDGE} bytes of edges, got ${bytes.length} bytes`, {
      hint: "An edge is int32 source, int32 target, float64 weight, little-endian.",
    })
  const count = bytes.length / BYTES_PER_EDGE
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const source = new Int32Array(count)
  const target = new Int32Array(count)
  const weight = new Float64Array(count)
  for (let i = 0, at = 0; i < count; i++, at += BYTES_PER_EDGE) {
    source[i] = view.getInt32(at, true)
    target[i] = view.getInt32(at + 4, true)
    weight[i] = view.getFloat64(at + 8, true)
  }
  return { source, target, weight }
}
