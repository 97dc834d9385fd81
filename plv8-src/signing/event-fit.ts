/**
 * Whether bytes are an event with a known header, without taking the header out of them:
 * a verifier knows what should stand there, and comparing costs a third of parsing. That
 * it agrees with parseHeader is what test/unit/signing/event-fit.test.ts shows.
 */
import { eventLabel } from "./event.ts"
import { maximumBytes } from "./canonical.ts"
import { scanValue } from "./scan.ts"

/** What a header should say. Texts must be those of a valid header: `isPlain` says whether they are. */
export interface ExpectedHeader {
  readonly log_id: string
  readonly epoch: number
  readonly seq: number
  /** 32 bytes, which stand in the header as hexadecimal. */
  readonly prev: Uint8Array
  readonly type: string
  readonly collection_id: number | null
  readonly key_id: string | null
}

/** Whether texts may stand between quotes as they are, so that comparing with them compares values. */
export const isPlain = (type: string, key_id: string | null, log_id: string): boolean =>
  /^[a-z][a-z0-9_]{0,62}$/.test(type) &&
  (key_id === null || /^[0-9a-f]{64}$/.test(key_id)) &&
  /^[0-9a-f]{32}$/.test(log_id)

const quote = 0x22

/** Whether bytes are exactly those of an event that says this, with whatever `at`, `by`, `collection` and body. */
export const fitsHeader = (bytes: Uint8Array, expected: ExpectedHeader): boolean => {
  if (bytes.length > maximumBytes) return false
  for (let i = 0; i < eventLabel.length; i++) if (bytes[i] !== eventLabel[i]) return false
  try {
    let at = afterText(bytes, eventLabel.length, '{"at":"')
    at = afterDigits(bytes, at)
    at = afterText(bytes, at, '","body":')
    if (bytes[at] !== 0x7b) return false
    at = scanValue(bytes, at, 1)
    at = afterText(bytes, at, ',"by":')
    at = afterName(bytes, at)
    at = afterText(bytes, at, ',"collection":')
    at = bytes[at] === quote ? afterName(bytes, at) : afterText(bytes, at, "null")
    at = afterText(bytes, at, `,"collection_id":${expected.collection_id},"epoch":${expected.epoch},"key_id":`)
    at = expected.key_id === null ? afterText(bytes, at, "null") : afterQuoted(bytes, at, expected.key_id)
    at = afterText(bytes, at, ',"log_id":')
    at = afterQuoted(bytes, at, expected.log_id)
    at = afterText(bytes, at, ',"prev":"')
    at = afterHex(bytes, at, expected.prev)
    at = afterText(bytes, at, `","seq":${expected.seq},"type":`)
    at = afterQuoted(bytes, at, expected.type)
    return afterText(bytes, at, ',"v":1}') === bytes.length
  } catch {
    return false
  }
}

const mismatch = new Error("the bytes say something else")

/** The end of a text that must stand at `at`; throws otherwise. */
const afterText = (bytes: Uint8Array, at: number, text: string): number => {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) throw mismatch
  return at + text.length
}

const afterQuoted = (bytes: Uint8Array, at: number, text: string): number => {
  if (bytes[at] !== quote || bytes[at + text.length + 1] !== quote) throw mismatch
  return afterText(bytes, at + 1, text) + 1
}

/** A string that is not empty. */
const afterName = (bytes: Uint8Array, at: number): number => {
  if (bytes[at] !== quote || bytes[at + 1] === quote) throw mismatch
  return scanValue(bytes, at, 1)
}

/** A decimal number of at most 19 digits. */
const afterDigits = (bytes: Uint8Array, start: number): number => {
  let at = start
  for (let byte = bytes[at] as number; byte >= 0x30 && byte <= 0x39; byte = bytes[at] as number) at++
  const length = at - start
  if (length === 0 || length > 19 || (bytes[start] === 0x30 && length > 1)) throw mismatch
  return at
}

const hexDigits = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0))

const afterHex = (bytes: Uint8Array, at: number, value: Uint8Array): number => {
  for (let i = 0; i < value.length; i++) {
    const byte = value[i] as number
    if (bytes[at + 2 * i] !== hexDigits[byte >> 4] || bytes[at + 2 * i + 1] !== hexDigits[byte & 15]) throw mismatch
  }
  return at + 2 * value.length
}
