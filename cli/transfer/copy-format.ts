/** Rows in the formats of COPY ("COPY", Binary Format), with vectors as pgvector sends them. */
import { toHalf } from "../../client/collections/half.ts"

export const COPY_HEADER = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)])
export const COPY_TRAILER = Buffer.from([0xff, 0xff])

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
const bits = new DataView(new ArrayBuffer(4))

/** The bits of a number that half precision holds exactly. */
function halfBits(value: number): number {
  bits.setFloat32(0, value)
  const word = bits.getUint32(0)
  const sign = (word >>> 16) & 0x8000
  const exponent = ((word >>> 23) & 0xff) - 127
  if (exponent < -14) return sign | Math.round(Math.abs(value) * 2 ** 24)
  return sign | ((exponent + 15) << 10) | ((word >>> 13) & 0x3ff)
}

/** vector_send and halfvec_send: int16 dimensions, int16 0, then float4 or half each, big-endian. */
export function vectorSend(values: Float32Array, storage: "vector" | "halfvec"): Buffer {
  const size = storage === "vector" ? 4 : 2
  const bytes = Buffer.alloc(4 + size * values.length)
  bytes.writeUInt16BE(values.length, 0)
  if (storage === "vector") {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 4)
    if (LITTLE_ENDIAN) bytes.subarray(4).swap32()
  } else {
    for (let i = 0; i < values.length; i++) bytes.writeUInt16BE(halfBits(toHalf(values[i] as number)), 4 + 2 * i)
  }
  return bytes
}

/** One tuple of the binary format. */
export function binaryTuple(id: string, vector: Buffer, metadata: string | undefined): Buffer {
  const name = Buffer.byteLength(id)
  const json = metadata === undefined ? 0 : Buffer.byteLength(metadata)
  const bytes = Buffer.allocUnsafe(2 + 4 + name + 4 + vector.length + (metadata === undefined ? 0 : 4 + 1 + json))
  let at = bytes.writeInt16BE(metadata === undefined ? 2 : 3, 0)
  at = bytes.writeInt32BE(name, at)
  at += bytes.write(id, at)
  at = bytes.writeInt32BE(vector.length, at)
  at += vector.copy(bytes, at)
  if (metadata === undefined) return bytes
  at = bytes.writeInt32BE(1 + json, at)
  at = bytes.writeUInt8(1, at)
  bytes.write(metadata, at)
  return bytes
}

const escaped = (text: string): string =>
  text.replace(/[\\\n\r\t]/g, (letter) => ({ "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" })[letter] as string)

/** One line of the text format. */
export function textLine(id: string, vector: Float32Array, metadata: string | undefined): Buffer {
  const fields = [id, `[${vector.join(",")}]`, ...(metadata === undefined ? [] : [metadata])]
  return Buffer.from(`${fields.map(escaped).join("\t")}\n`)
}

/** Cuts a binary COPY stream into tuples of fields; a field is null for NULL. */
export async function* binaryTuples(stream: AsyncIterable<Buffer>): AsyncGenerator<(Buffer | null)[]> {
  let rest: Buffer = Buffer.alloc(0)
  let at = COPY_HEADER.length
  for await (const chunk of stream) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const read = readTuple(rest, at)
      if (read === undefined) break
      if (read.fields === undefined) return
      yield read.fields
      at = read.next
    }
    const done = Math.min(at, rest.length)
    rest = rest.subarray(done)
    at -= done
  }
}

function readTuple(bytes: Buffer, start: number): { fields: (Buffer | null)[] | undefined; next: number } | undefined {
  if (bytes.length < start + 2) return undefined
  const count = bytes.readInt16BE(start)
  if (count < 0) return { fields: undefined, next: start + 2 }
  const fields: (Buffer | null)[] = []
  let at = start + 2
  for (let i = 0; i < count; i++) {
    if (bytes.length < at + 4) return undefined
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0) {
      fields.push(null)
      continue
    }
    if (bytes.length < at + length) return undefined
    fields.push(bytes.subarray(at, at + length))
    at += length
  }
  return { fields, next: at }
}
