/** NumPy's .npy arrays (NEP 1, format versions 1.0 to 3.0) and .npz archives of them. */
import { openSync, readSync, closeSync, fstatSync } from "node:fs"
import { CommandError } from "../lib/errors.ts"

export interface ArrayHeader {
  /** Type code without byte order: f2, f4, f8, U12, S5 ... */
  type: string
  littleEndian: boolean
  shape: readonly number[]
  /** Where the data begin. */
  offset: number
}

const bad = (what: string, message: string) => new CommandError(`${what}: ${message}`, { code: "22023" })

/** Reads the header off the beginning of an array. */
export function readHeader(bytes: Buffer, what: string): ArrayHeader {
  if (bytes.length < 12 || bytes.toString("latin1", 0, 6) !== "\x93NUMPY")
    throw bad(what, "expected a NumPy array, got something else")
  const long = (bytes[6] as number) >= 2
  const length = long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8)
  const offset = (long ? 12 : 10) + length
  const text = bytes.toString("latin1", long ? 12 : 10, offset)
  const descr = /'descr':\s*'([<>|=]?)([a-zA-Z]\d+)'/.exec(text)
  const order = /'fortran_order':\s*(True|False)/.exec(text)
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)
  if (descr === null || order === null || shape === null)
    throw bad(what, `expected a plain array, got ${text.slice(0, 100).trim()}`)
  if (order[1] === "True")
    throw bad(what, "expected an array in C order, got Fortran order: numpy.ascontiguousarray(a)")
  const numbers = (shape[1] as string).split(",").filter((part) => part.trim() !== "")
  return { type: descr[2] as string, littleEndian: descr[1] !== ">", shape: numbers.map(Number), offset }
}

export function halfToNumber(bits: number): number {
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  const sign = bits & 0x8000 ? -1 : 1
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

const readers: Readonly<
  Record<string, { size: number; read(this: void, view: DataView, at: number, little: boolean): number }>
> = {
  f2: { size: 2, read: (view, at, little) => halfToNumber(view.getUint16(at, little)) },
  f4: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
}

/** Size of a row of a two-dimensional array of floats, or the error that it is none. */
export function rowLayout(
  { type, shape }: ArrayHeader,
  what: string,
): { rows: number; columns: number; bytes: number } {
  const reader = readers[type]
  if (reader === undefined || shape.length !== 2) {
    throw bad(what, `expected two dimensions of float16, float32 or float64, got ${shape.length} of ${type}`)
  }
  const [rows, columns] = shape as [number, number]
  return { rows, columns, bytes: columns * reader.size }
}

export function readRow({ type, littleEndian }: ArrayHeader, columns: number, bytes: Buffer): Float64Array {
  const { size, read } = readers[type] as (typeof readers)[string]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const row = new Float64Array(columns)
  for (let i = 0; i < columns; i++) row[i] = read(view, i * size, littleEndian)
  return row
}

/** A one-dimensional array of texts (U, S) or whole numbers (i, u) as texts. */
export function readTexts(bytes: Buffer, what: string): string[] {
  const header = readHeader(bytes, what)
  const kind = header.type[0] as string
  const width = Number(header.type.slice(1))
  if (header.shape.length !== 1 || !"USiu".includes(kind))
    throw bad(what, `expected a list of texts or whole numbers, got ${header.type}`)
  const size = kind === "U" ? 4 * width : width
  return Array.from({ length: header.shape[0] as number }, (_, i) => {
    const item = bytes.subarray(header.offset + i * size, header.offset + (i + 1) * size)
    if (kind === "S") return item.toString("utf8").replace(/\0+$/, "")
    if (kind === "U") {
      const points = Array.from({ length: width }, (_, j) =>
        header.littleEndian ? item.readUInt32LE(4 * j) : item.readUInt32BE(4 * j),
      )
      return String.fromCodePoint(...points).replace(/\0+$/, "")
    }
    const view = new DataView(item.buffer, item.byteOffset, size)
    if (width === 8)
      return String(kind === "i" ? view.getBigInt64(0, header.littleEndian) : view.getBigUint64(0, header.littleEndian))
    return String(kind === "i" ? item.readIntLE(0, width) : item.readUIntLE(0, width))
  })
}

/** The header of a new array (format 1.0), padded so that the data begin at a multiple of 64 bytes. */
export function writeHeader(type: string, shape: readonly number[]): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`
  const length = Buffer.alloc(2)
  length.writeUInt16LE(padded.length)
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, Buffer.from(padded, "latin1")])
}

/** An array of texts as fixed-width UTF-32, as NumPy keeps them. */
export function writeTexts(texts: readonly string[]): Buffer {
  const points = texts.map((text) => Array.from(text, (letter) => letter.codePointAt(0) as number))
  const width = Math.max(1, ...points.map(({ length }) => length))
  const data = Buffer.alloc(4 * width * texts.length)
  for (const [i, letters] of points.entries())
    for (const [j, point] of letters.entries()) data.writeUInt32LE(point, 4 * (i * width + j))
  return Buffer.concat([writeHeader(`<U${width}`, [texts.length]), data])
}

/** Reads a part of a file. */
export function readPart(path: string, offset: number, length: number): Buffer {
  const file = openSync(path, "r")
  try {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, fstatSync(file).size - offset)))
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset))
  } finally {
    closeSync(file)
  }
}
