/**
 * Metadata as bytes. The plain part is kept twice on the server: as the exact bytes that
 * the MAC covers, and as jsonb to filter by, which must hold the same values.
 */
import { SqlError } from "../errors.ts"
import { decodeUtf8, encodeUtf8 } from "../signing/utf8.ts"

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

const maximumDepth = 100

/** Why a value cannot be kept exactly, as JSON here and as jsonb on the server; undefined when it can. */
const problemOf = (value: unknown, depth: number): string | undefined => {
  if (value === null || typeof value === "boolean") return undefined
  if (typeof value === "string") return problemOfText(value)
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return `the number ${value}`
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? `the integer ${value}, beyond 2^53` : undefined
  }
  if (typeof value !== "object") return `a ${typeof value}`
  if (depth >= maximumDepth) return `more than ${maximumDepth} levels`
  if (Array.isArray(value)) {
    for (const element of value) {
      const problem = problemOf(element, depth + 1)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
    return "an object that is no plain object"
  }
  for (const [key, member] of Object.entries(value)) {
    const problem = problemOfText(key) ?? problemOf(member, depth + 1)
    if (problem !== undefined) return problem
  }
  return undefined
}

const problemOfText = (text: string): string | undefined => {
  if (text.includes("\0")) return "a NUL character"
  return /[\ud800-\udfff]/u.test(text) ? "a lone surrogate" : undefined
}

/** The bytes of metadata. Throws SqlError 22023 for what JSON or jsonb would change. */
export const metadataBytes = (metadata: JsonObject): Uint8Array => {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    throw new SqlError("22023", "metadata: expected an object")
  }
  const problem = problemOf(metadata, 0)
  if (problem !== undefined) throw new SqlError("22023", `metadata: expected values that JSON keeps, got ${problem}`)
  return encodeUtf8(JSON.stringify(metadata))
}

export const readMetadata = (bytes: Uint8Array): JsonObject => JSON.parse(decodeUtf8(bytes)) as JsonObject

/** The fields that stay readable, and the others. */
export const splitMetadata = (
  metadata: JsonObject,
  plain: ReadonlySet<string>,
): { readonly plain: JsonObject; readonly secret: JsonObject } => {
  const entries = Object.entries(metadata)
  return {
    plain: Object.fromEntries(entries.filter(([key]) => plain.has(key))),
    secret: Object.fromEntries(entries.filter(([key]) => !plain.has(key))),
  }
}

/** Whether two JSON values are the same; the order of keys does not matter. */
export const sameJson = (a: Json, b: Json): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((element: Json, i) => sameJson(element, b[i] as Json))
  }
  const left = a as JsonObject
  const right = b as JsonObject
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key] as Json, right[key] as Json))
}
