/** The checksum of penstock.checksum, computed on this side. */
import { createHash } from "node:crypto"

const MODULUS = 1n << 64n

/** A JSON number as numeric prints it: without exponent. */
function numberText(value: number): string {
  const text = Object.is(value, -0) ? "0" : String(value)
  const parts = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (parts === null) return text
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`
  return point >= digits.length
    ? `${sign}${digits}${"0".repeat(point - digits.length)}`
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** PostgreSQL escapes control characters and nothing beyond; JSON.stringify also escapes lone surrogates, which cannot be stored. */
const quoted = (text: string): string => JSON.stringify(text)

/** The text that jsonb prints: keys by length in bytes, then by bytes; ", " and ": " between. */
export function jsonbText(value: unknown): string {
  if (typeof value === "number") return numberText(value)
  if (typeof value === "string") return quoted(value)
  if (typeof value !== "object" || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(", ")}]`
  const keys = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => ({ key, bytes: Buffer.from(key), item: item as unknown }))
    .sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes))
  return `{${keys.map(({ key, item }) => `${quoted(key)}: ${jsonbText(item)}`).join(", ")}}`
}

/** What one row adds: 64 bits of the MD5 of id, a zero byte, the vector as it is sent, the text of the metadata. */
export function rowChecksum(id: string, vector: Buffer, metadata: string): bigint {
  return createHash("md5").update(id).update("\0").update(vector).update(metadata).digest().readBigUInt64BE(0)
}

export const addChecksums = (a: bigint, b: bigint): bigint => (a + b) % MODULUS
