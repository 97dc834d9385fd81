/**
 * Canonical JSON: RFC 8785 (JCS) over a small part of JSON, so that a value has
 * exactly one sequence of bytes and the bytes exactly one value, in every language.
 *
 * Allowed are null, booleans, integers of magnitude below 2^53, well-formed strings
 * without U+0000, arrays, and objects whose keys match [a-z0-9_]+. Fractions and -0
 * are refused because number formatting is where implementations of JSON differ.
 */
import canonicalize from "canonicalize"
import { SqlError } from "../errors.ts"
import { maximumDepth, misplaced, scanValue } from "./scan.ts"
import { decodeUtf8, encodeUtf8 } from "./utf8.ts"

export type CanonicalValue =
  | null
  | boolean
  | number
  | string
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue }
export type CanonicalObject = { readonly [key: string]: CanonicalValue }

/** Bounds the work of a verifier on bytes that it does not trust yet. */
export const maximumBytes = 1 << 20

const keyPattern = /^[a-z0-9_]+$/

/** The canonical text of a value. Throws SqlError 22023 that names the path of what is not allowed. */
export const canonicalText = (value: unknown): string => {
  const problem = findProblem(value)
  if (problem !== undefined) throw refused(problem)
  const text = canonicalize(value)
  if (text === undefined) throw refused("undefined is no JSON value")
  return text
}

/** Whether a value has a canonical form. */
export const isCanonical = (value: unknown): value is CanonicalValue => findProblem(value) === undefined

export const canonicalBytes = (value: unknown): Uint8Array => {
  const bytes = encodeUtf8(canonicalText(value))
  requireSize(bytes)
  return bytes
}

/**
 * Parses bytes that must be canonical: valid UTF-8 whose parse is allowed and has
 * exactly these bytes as its canonical form. That refuses byte order marks, duplicate
 * keys, white space, other orders of keys, other escapes and other forms of numbers.
 * Throws SqlError 22023.
 */
export const parseCanonical = (bytes: Uint8Array): CanonicalValue => {
  requireSize(bytes)
  const end = scanValue(bytes, 0)
  if (end !== bytes.length) throw misplaced(end)
  return readCanonical(bytes)
}

/** The value of bytes that were scanned before. */
export const readCanonical = (bytes: Uint8Array): CanonicalValue => JSON.parse(decodeUtf8(bytes)) as CanonicalValue

export const requireSize = (bytes: Uint8Array): void => {
  if (bytes.length > maximumBytes) throw refused(`it has ${bytes.length} bytes, more than ${maximumBytes}`)
}

interface Defect {
  /** Where, from the inside out: keys and indexes. */
  readonly path: (string | number)[]
  readonly words: string
}

/** What makes a value inadmissible, in words that follow "but", or undefined. */
const findProblem = (value: unknown): string | undefined => {
  const defect = findDefect(value, 0)
  return defect && `${defect.path.reverse().join(".") || "the value"} ${defect.words}`
}

const findDefect = (value: unknown, depth: number): Defect | undefined => {
  switch (typeof value) {
    case "string":
      return isWellFormed(value) ? undefined : { path: [], words: "holds a NUL character or a lone surrogate" }
    case "boolean":
      return undefined
    case "number":
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) return undefined
      return { path: [], words: `is ${Object.is(value, -0) ? "-0" : value}, not an integer below 2^53` }
    case "object":
      break
    default:
      return { path: [], words: `is a ${typeof value}` }
  }
  if (value === null) return undefined
  if (depth >= maximumDepth) return { path: [], words: `is nested deeper than ${maximumDepth}` }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const defect = findDefect(value[i], depth + 1)
      if (defect !== undefined) return within(i, defect)
    }
    return undefined
  }
  // Dates, maps and the like have a JSON form that is not theirs alone. The tag holds across realms.
  if (Object.prototype.toString.call(value) !== "[object Object]") return { path: [], words: "is no plain object" }
  for (const key of Object.keys(value)) {
    if (!keyPattern.test(key)) return { path: [], words: "has a key that does not match [a-z0-9_]+" }
    const defect = findDefect((value as Record<string, unknown>)[key], depth + 1)
    if (defect !== undefined) return within(key, defect)
  }
  return undefined
}

const within = (key: string | number, defect: Defect): Defect => {
  defect.path.push(key)
  return defect
}

const isWellFormed = (text: string): boolean => {
  // oxlint-disable-next-line no-control-regex -- NUL is what is looked for
  if (!/[\u0000\ud800-\udfff]/.test(text)) return true
  // With the u flag surrogates that form a pair match as one character.
  // oxlint-disable-next-line no-control-regex
  return !/[\u0000\ud800-\udfff]/u.test(text)
}

const refused = (problem: string): SqlError =>
  new SqlError("22023", `expected canonical JSON of an event, but ${problem}`, {
    hint: "Allowed are null, true, false, integers below 2^53, text, arrays, and objects with keys of a-z, 0-9 and _.",
  })
