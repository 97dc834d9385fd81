/**
 * A scanner of canonical JSON: accepts bytes exactly when they are the canonical form
 * (RFC 8785) of a value that canonical.ts allows. It reads each byte once and builds
 * nothing, so that a verifier spends its time on hashes. That it agrees with parsing and
 * writing again is what test/unit/signing/scan.test.ts shows.
 */
import { SqlError } from "../errors.ts"
import { codePointAt, sequenceLength } from "./utf8.ts"

export const maximumDepth = 32

/** 2^53 - 1 has 16 digits. */
const maximumDigits = 16

/** The end of the value that begins at `at`. Throws SqlError 22023 where the bytes leave the canonical form. */
export const scanValue = (bytes: Uint8Array, at: number, depth = 0): number => {
  const first = bytes[at] as number
  if (first === 0x22) return scanString(bytes, at)
  if (first === 0x7b) return scanObject(bytes, at, depth)
  if (first === 0x5b) return scanArray(bytes, at, depth)
  if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return scanNumber(bytes, at)
  for (const word of words) {
    if (word.every((byte, i) => bytes[at + i] === byte)) return at + word.length
  }
  throw misplaced(at)
}

/** The end of the key that begins at `at`, its quotes included. */
export const scanKey = (bytes: Uint8Array, at: number): number => {
  let i = at + 1
  if (bytes[at] !== 0x22) throw misplaced(at)
  for (let byte = bytes[i] as number; isKeyByte(byte); byte = bytes[i] as number) i++
  if (i === at + 1 || bytes[i] !== 0x22) throw misplaced(i)
  return i + 1
}

export const misplaced = (at: number): SqlError =>
  new SqlError("22023", `expected canonical JSON of an event, but byte ${at} does not belong there`)

const words = ["true", "false", "null"].map((word) => Array.from(word, (character) => character.charCodeAt(0)))

const isKeyByte = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f

const scanObject = (bytes: Uint8Array, start: number, depth: number): number => {
  if (depth >= maximumDepth) throw misplaced(start)
  let at = start + 1
  if (bytes[at] === 0x7d) return at + 1
  let previous = -1
  for (;;) {
    const key = at
    at = scanKey(bytes, key)
    if (previous >= 0 && !isKeyBefore(bytes, previous, key)) throw misplaced(key)
    previous = key
    if (bytes[at] !== 0x3a) throw misplaced(at)
    at = scanValue(bytes, at + 1, depth + 1)
    if (bytes[at] === 0x7d) return at + 1
    if (bytes[at] !== 0x2c) throw misplaced(at)
    at++
  }
}

/** Whether the key at `a` sorts before the one at `b`; keys are ASCII, so bytes sort as code units do. */
const isKeyBefore = (bytes: Uint8Array, a: number, b: number): boolean => {
  let i = 1
  while (bytes[a + i] === bytes[b + i] && bytes[a + i] !== 0x22) i++
  // The quote that ends a key sorts before every byte of a key.
  return (bytes[a + i] as number) < (bytes[b + i] as number)
}

const scanArray = (bytes: Uint8Array, start: number, depth: number): number => {
  if (depth >= maximumDepth) throw misplaced(start)
  let at = start + 1
  if (bytes[at] === 0x5d) return at + 1
  for (;;) {
    at = scanValue(bytes, at, depth + 1)
    if (bytes[at] === 0x5d) return at + 1
    if (bytes[at] !== 0x2c) throw misplaced(at)
    at++
  }
}

const scanNumber = (bytes: Uint8Array, start: number): number => {
  const first = bytes[start] === 0x2d ? start + 1 : start
  let at = first
  let value = 0
  for (let byte = bytes[at] as number; byte >= 0x30 && byte <= 0x39; byte = bytes[at] as number) {
    value = value * 10 + (byte - 0x30)
    at++
  }
  const hasLeadingZero = bytes[first] === 0x30 && (at > first + 1 || first > start)
  if (at === first || hasLeadingZero || at - first > maximumDigits || !Number.isSafeInteger(value))
    throw misplaced(start)
  return at
}

const scanString = (bytes: Uint8Array, start: number): number => {
  for (let at = start + 1; ; ) {
    const byte = bytes[at] as number
    if (byte === 0x22) return at + 1
    if (byte === 0x5c) at = scanEscape(bytes, at)
    else if (byte >= 0x20 && byte < 0x80) at++
    else if (byte >= 0x80) at = scanSequence(bytes, at)
    // A control character, or the end of the bytes, where `byte` is undefined.
    else throw misplaced(at)
  }
}

const scanSequence = (bytes: Uint8Array, at: number): number => {
  try {
    const length = sequenceLength(bytes[at] as number)
    codePointAt(bytes, at, length)
    return at + length
  } catch {
    throw misplaced(at)
  }
}

/** After a backslash: one of " \ b f n r t, or u00 and two lower-case digits for another control character. */
const scanEscape = (bytes: Uint8Array, at: number): number => {
  const kind = bytes[at + 1] as number
  if (shortEscapes.has(kind)) return at + 2
  const isControl = kind === 0x75 && bytes[at + 2] === 0x30 && bytes[at + 3] === 0x30
  if (!isControl || !longEscapes.has(((bytes[at + 4] as number) << 8) | (bytes[at + 5] as number))) throw misplaced(at)
  return at + 6
}

const shortEscapes = new Set(Array.from('"\\bfnrt', (character) => character.charCodeAt(0)))

/** The last two digits of the escapes of U+0001 to U+001F that have no short form. NUL is not allowed. */
const longEscapes = new Set(
  Array.from({ length: 0x20 }, (_, code) => code)
    .filter((code) => code !== 0 && JSON.stringify(String.fromCharCode(code)).length > 4)
    .map((code) => {
      const digits = code.toString(16).padStart(2, "0")
      return (digits.charCodeAt(0) << 8) | digits.charCodeAt(1)
    }),
)
