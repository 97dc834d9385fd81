/** Ids of rows as bytes: a type byte and the canonical form, so that "1" and 1 are different ids. */
import { SqlError } from "../errors.ts"
import { bytesToHex } from "../signing/hash.ts"
import { decodeUtf8, encodeUtf8 } from "../signing/utf8.ts"
import { concat, u64, u8 } from "./bytes.ts"
import { uuidBytes } from "./options.ts"

export type IdType = "text" | "bigint" | "uuid"
/** Text and UUIDs are strings; a bigint may also be given as a safe integer. */
export type RowId = string | number | bigint

const maximumBytes = 1024
const maximumInteger = 2n ** 63n - 1n

const refuse = (message: string): never => {
  throw new SqlError("22023", message)
}

/** The text on the server of an id from its bytes: the inverse of readId. */
export const idText = (bytes: Uint8Array): string => {
  const value = bytes.subarray(1)
  if (bytes[0] === 1) return decodeUtf8(value)
  const hex = bytesToHex(value)
  if (bytes[0] === 2) return String(BigInt.asIntN(64, BigInt(`0x${hex}`)))
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}

/** The id's text on the server, and its bytes for keys and MACs. Throws SqlError 22023. */
export const readId = (type: IdType, id: RowId): { readonly text: string; readonly bytes: Uint8Array } => {
  if (type === "text") {
    if (typeof id !== "string") return refuse(`id: expected text, got a ${typeof id}`)
    let bytes: Uint8Array
    try {
      bytes = encodeUtf8(id)
    } catch {
      return refuse("id: expected well-formed text, got a lone surrogate")
    }
    if (bytes.length < 1 || bytes.length > maximumBytes || bytes.includes(0)) {
      return refuse(`id: expected 1 to ${maximumBytes} bytes without NUL, got ${bytes.length}`)
    }
    return { text: id, bytes: concat(u8(1), bytes) }
  }
  if (type === "bigint") {
    const isWhole =
      typeof id === "string" ? /^(0|-?[1-9][0-9]{0,18})$/.test(id) : typeof id === "bigint" || Number.isSafeInteger(id)
    const value = isWhole ? BigInt(id) : refuse(`id: expected a whole number, got ${String(id).slice(0, 60)}`)
    if (value > maximumInteger || value < -maximumInteger - 1n) return refuse(`id: expected a bigint, got ${value}`)
    return { text: String(value), bytes: concat(u8(2), u64(BigInt.asUintN(64, value))) }
  }
  if (typeof id !== "string") return refuse(`id: expected a UUID, got a ${typeof id}`)
  return { text: id.toLowerCase(), bytes: concat(u8(3), uuidBytes(id)) }
}
