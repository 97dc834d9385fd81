/** Sealed rows in the forms that the server reads: binary arrays, COPY's binary format, or text. */
import type { IdType } from "../../plv8-src/sealed/ids.ts"
import type { TokenKind } from "../../plv8-src/sealed/options.ts"
import type { SealedRow } from "../../plv8-src/sealed/record.ts"
import { halfToNumber } from "../../plv8-src/sealed/round.ts"
import { bytesToFloats } from "../../plv8-src/sealed/bytes.ts"
import { bytesToHex } from "../../plv8-src/signing/hash.ts"
import { arrayText } from "../sql/values.ts"

/** A sealed row with what the server keeps beside it. */
export interface WireRow {
  readonly row: SealedRow
  /** The id in text form, and the plain metadata as JSON text. */
  readonly id: string
  readonly metadata: string
}

/** The text form of a token: what a parameter of its type reads. */
export const tokenText = (kind: TokenKind, token: Uint8Array): string => {
  if (kind === "bits") return Array.from(token, (byte) => byte.toString(2).padStart(8, "0")).join("")
  if (kind === "vector") return `[${bytesToFloats(token).join(",")}]`
  const numbers: number[] = []
  for (let i = 0; i < token.length; i += 2)
    numbers.push(halfToNumber((token[i] as number) | ((token[i + 1] as number) << 8)))
  return `[${numbers.join(",")}]`
}

/** The bytes of a token from its binary form: the inverse of tokenWire. */
export const tokenBytes = (kind: TokenKind, wire: Uint8Array): Uint8Array => {
  const token = Buffer.from(wire.subarray(4))
  if (kind === "halfvec") return token.length % 2 === 0 ? token.swap16() : token
  return kind === "vector" && token.length % 4 === 0 ? token.swap32() : token
}

/** The binary form of a token (vector_recv, halfvec_recv, bit_recv): a head, then big-endian numbers. */
export const tokenWire = (kind: TokenKind, token: Uint8Array): Buffer => {
  const wire = Buffer.allocUnsafe(4 + token.length)
  if (kind === "bits") {
    wire.writeInt32BE(8 * token.length, 0)
    wire.set(token, 4)
    return wire
  }
  wire.writeUInt16BE(token.length / (kind === "halfvec" ? 2 : 4), 0)
  wire.writeUInt16BE(0, 2)
  wire.set(token, 4)
  const numbers = wire.subarray(4)
  if (kind === "halfvec") numbers.swap16()
  else numbers.swap32()
  return wire
}

/** The binary form of a one-dimensional array without NULLs (array_recv). */
export const arrayWire = (elementOid: number, elements: readonly Uint8Array[]): Buffer => {
  const wire = Buffer.allocUnsafe(20 + elements.reduce((sum, element) => sum + 4 + element.length, 0))
  let at = 0
  for (const value of [elements.length === 0 ? 0 : 1, 0, elementOid, elements.length, 1])
    at = wire.writeInt32BE(value, at)
  for (const element of elements) {
    at = wire.writeInt32BE(element.length, at)
    wire.set(element, at)
    at += element.length
  }
  return wire
}

export const byteaOid = 17

/** A bytea[] as text. */
export const byteaArrayText = (elements: readonly Uint8Array[]): string =>
  arrayText(elements.map((element) => `\\x${bytesToHex(element)}`))

export const copyHead = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1")
export const copyEnd = Buffer.from([0xff, 0xff])

const idWire = (type: IdType, { row, id }: WireRow): Uint8Array =>
  type === "text" ? Buffer.from(id) : row.id.subarray(1)

/** One row of COPY's binary format, its fields in the order of the statement that sealed_facts gives. */
export const copyRow = (type: IdType, kind: TokenKind, wireRow: WireRow): Buffer => {
  const { row, metadata } = wireRow
  const version = Buffer.allocUnsafe(8)
  version.writeBigInt64BE(row.version, 0)
  const fields = [
    idWire(type, wireRow),
    version,
    row.keyId,
    row.nonce,
    ...(kind === "none" ? [] : [tokenWire(kind, row.token)]),
    row.tokenDigest,
    row.sealed,
    row.plain,
    // The version of jsonb's binary format, then text.
    Buffer.from(`\x01${metadata}`),
    row.mac,
  ]
  const wire = Buffer.allocUnsafe(2 + fields.reduce((sum, field) => sum + 4 + field.length, 0))
  let at = wire.writeInt16BE(fields.length, 0)
  for (const field of fields) {
    at = wire.writeInt32BE(field.length, at)
    wire.set(field, at)
    at += field.length
  }
  return wire
}
