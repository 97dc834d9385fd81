/** JavaScript values for SQL ones and back, the same on every connection. */
import pg from "pg"
import { fromSql, toSql } from "pgvector"
import { errorOf } from "../errors.ts"
import type { VectorLike } from "./executor.ts"

const integer = (text: string): number | bigint => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text))
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), "hex"))
const plain = (text: string): string => text
/** The parser of text[]; @types/pg lists no arrays among the types. */
const textArray = (pg.types.getTypeParser as (oid: number) => (text: string) => (string | null)[])(1009)
const array = (element: (text: string) => unknown) => (text: string) =>
  textArray(text).map((value) => (value === null ? null : element(value)))

/** By type OID, where pg's own parser gives another value than PGlite's. */
const parsers = new Map<number, (text: string) => unknown>([
  [17, bytes],
  [20, integer],
  [1001, array(bytes)],
  [1003, array(plain)],
  [1016, array(integer)],
  [1186, plain],
  [1231, array(plain)],
  [2210, array(plain)],
])

/** For `types` of a query or a client of pg. Changes nothing for other users of pg in the process. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => parsers.get(oid) ?? pg.types.getTypeParser(oid, format),
}

/** A vector that pgvector can hold, or its error: 22000 for NaN and infinity, 22003 for what no float4 holds. */
export function checkVector(values: VectorLike): void {
  if (values.length < 1) throw errorOf("22000", "expected a vector of at least 1 dimension, got none")
  if (values.length > 16_000) throw errorOf("54000", `expected at most 16000 dimensions, got ${values.length}`)
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i]
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw errorOf("22000", `vector[${i}]: expected a finite number, got ${String(value)}`)
    }
    if (!Number.isFinite(Math.fround(value)))
      throw errorOf("22003", `vector[${i}]: ${value} is out of range for a float4`)
  }
}

/** The text form of a vector: [1,2,3]. */
export function vectorText(values: VectorLike): string {
  checkVector(values)
  return toSql(Array.from(values)) as string
}

/** The binary form of a vector (vector_recv of pgvector): int16 dimensions, int16 0, float32 each, big-endian. */
export function vectorBytes(values: VectorLike): Buffer {
  checkVector(values)
  const bytes = Buffer.allocUnsafe(4 + 4 * values.length)
  bytes.writeUInt16BE(values.length & 0xffff, 0)
  bytes.writeUInt16BE(0, 2)
  for (let i = 0; i < values.length; i++) bytes.writeFloatBE(values[i] as number, 4 + 4 * i)
  return bytes
}

/** Reads the text form of a vector or halfvec. */
export const readVector = (text: string): Float32Array => Float32Array.from(fromSql(text) as number[])

/** The text form of an array whose elements are given as text; null stays NULL. */
export function arrayText(elements: readonly (string | null)[]): string {
  const quoted = elements.map((text) =>
    text === null ? "NULL" : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`,
  )
  return `{${quoted.join(",")}}`
}
