/**
 * The bytes of an event: "penstock.integrity.event/v1", a zero byte, canonical JSON.
 *
 * These bytes are what is hashed, chained, signed and stored; everything else that
 * the database shows about an event is decoded from them.
 */
import { SqlError } from "../errors.ts"
import { type CanonicalObject, type CanonicalValue, canonicalBytes, readCanonical, requireSize } from "./canonical.ts"
import { concatBytes } from "@noble/hashes/utils.js"
import { misplaced, scanValue } from "./scan.ts"
import { decodeUtf8, encodeUtf8 } from "./utf8.ts"

/** Separates events from everything else that may be signed; a signed note cannot hold the zero byte. */
export const eventLabel: Uint8Array = encodeUtf8("penstock.integrity.event/v1\u0000")

/** `prev` of the first event. */
export const genesisPrev = "0".repeat(64)

export interface EventHeader {
  /** Version of this layout. */
  readonly v: 1
  /** 32 hexadecimal digits, drawn when the log begins. */
  readonly log_id: string
  /** Counts restores and promotions; 1 until there is one. */
  readonly epoch: number
  /** Position, from 1. This is the order of the log. */
  readonly seq: number
  /** Leaf hash of event seq - 1 in hexadecimal. */
  readonly prev: string
  /** Key that signs the bytes, in hexadecimal; null for an event that only checkpoints seal. */
  readonly key_id: string | null
  /** The server's clock in microseconds since 1970 UTC, in decimal. A claim: the order is `seq`. */
  readonly at: string
  /** session_user of whoever caused it. */
  readonly by: string
  readonly type: string
  readonly collection: string | null
  readonly collection_id: number | null
}

export interface Event extends EventHeader {
  /** What happened, by type. */
  readonly body: CanonicalObject
}

const hash = /^[0-9a-f]{64}$/
const isText = (value: unknown): value is string => typeof value === "string" && value !== ""
const isCount = (value: unknown): boolean => typeof value === "number" && value >= 1
const isObject = (value: unknown): boolean => value !== null && typeof value === "object" && !Array.isArray(value)

/** Every field of an event, and whether a canonical value may stand there. */
const fields: { readonly [K in keyof Event]: (value: CanonicalValue) => boolean } = {
  v: (value) => value === 1,
  log_id: (value) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value),
  epoch: isCount,
  seq: isCount,
  prev: (value) => typeof value === "string" && hash.test(value),
  key_id: (value) => value === null || (typeof value === "string" && hash.test(value)),
  at: (value) => typeof value === "string" && /^(0|[1-9][0-9]{0,18})$/.test(value),
  by: isText,
  type: (value) => typeof value === "string" && /^[a-z][a-z0-9_]{0,62}$/.test(value),
  collection: (value) => value === null || isText(value),
  collection_id: (value) => value === null || typeof value === "number",
  body: isObject,
}
const names = Object.keys(fields) as (keyof Event)[]

/** The bytes of an event. Throws SqlError 22023 when a field is missing, unknown or out of its domain. */
export const eventBytes = (event: Event): Uint8Array => {
  const json = canonicalBytes(event)
  requireFields(event as unknown as CanonicalObject)
  return concatBytes(eventLabel, json)
}

/** The event that bytes say; strict, see scan.ts. Throws SqlError 22023. */
export const parseEvent = (bytes: Uint8Array): Event => {
  const { header, body } = parseHeader(bytes)
  return { ...header, body: readCanonical(body) as CanonicalObject }
}

/** As `parseEvent`, but the body, though checked, stays bytes: most verifiers never look into it. */
export const parseHeader = (bytes: Uint8Array): { header: EventHeader; body: Uint8Array } => {
  if (!holdsAt(bytes, 0, eventLabel)) throw refused("the bytes do not begin with the label of an event")
  requireSize(bytes)
  // Canonical order and a closed list of fields leave only one place for each.
  const starts: number[] = []
  const ends: number[] = []
  let at = eventLabel.length
  for (const { name, opening } of layout) {
    if (!holdsAt(bytes, at, opening)) throw refused(`the field ${name} is not where it belongs`)
    starts.push(at + opening.length)
    at = scanValue(bytes, at + opening.length, 1)
    ends.push(at)
  }
  if (bytes[at] !== 0x7d || at + 1 !== bytes.length) throw misplaced(at)

  const tailStart = ends[bodyPlace] as number
  const tail = decodeUtf8(bytes.subarray(tailStart))
  const isAscii = tail.length === bytes.length - tailStart
  const header: Record<string, CanonicalValue> = {}
  layout.forEach(({ name }, place) => {
    if (place === bodyPlace) return
    const start = starts[place] as number
    const end = ends[place] as number
    const text =
      isAscii && place > bodyPlace
        ? tail.slice(start - tailStart, end - tailStart)
        : decodeUtf8(bytes.subarray(start, end))
    const value = readScalar(text)
    if (!fields[name](value)) throw unfit(name, value)
    header[name] = value
  })
  const body = bytes.subarray(starts[bodyPlace], ends[bodyPlace])
  if (body[0] !== 0x7b) throw unfit("body", "no object")
  return { header: header as unknown as EventHeader, body }
}

/** The fields in canonical order, each with the bytes before its value: brace or comma, quoted name, colon. */
const layout = names
  .slice()
  .sort()
  .map((name, i) => ({ name, opening: encodeUtf8(`${i === 0 ? "{" : ","}"${name}":`) }))
const bodyPlace = layout.findIndex(({ name }) => name === "body")

const holdsAt = (bytes: Uint8Array, at: number, expected: Uint8Array): boolean => {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false
  return true
}

/** JSON.parse for text that was scanned; most strings have no escape and need only lose their quotes. */
const readScalar = (text: string): CanonicalValue =>
  text.startsWith('"') && !text.includes("\\") ? text.slice(1, -1) : (JSON.parse(text) as CanonicalValue)

const requireFields = (object: CanonicalObject): void => {
  for (const name of names) {
    const value = object[name]
    if (value === undefined) throw refused(`the field ${name} is missing`)
    if (!fields[name](value)) throw unfit(name, value)
  }
  const extra = Object.keys(object).find((key) => !Object.hasOwn(fields, key))
  if (extra !== undefined) throw refused(`the field ${extra} is unknown`)
}

const unfit = (name: string, value: CanonicalValue): SqlError =>
  refused(`the field ${name} is ${JSON.stringify(value).slice(0, 100)}`)

const refused = (problem: string): SqlError => new SqlError("22023", `expected an event, but ${problem}`)
