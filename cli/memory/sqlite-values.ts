/** What columns of SQLite files hold, as the database wants it. Each throws BadRow for what it cannot read. */
import type { SqliteRow } from "./sqlite-file.ts"

/** A row that cannot be copied, and why. */
export class BadRow extends Error {
  override name = "BadRow"
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const readId = (row: SqliteRow, column: string): string => {
  const value = row[column]
  if (typeof value === "string" && UUID.test(value)) return value.toLowerCase()
  throw new BadRow(`${column}: expected a UUID, got ${JSON.stringify(value ?? null).slice(0, 80)}`)
}

export const readTextOf = (row: SqliteRow, column: string): string | undefined => {
  const value = row[column]
  if (value === undefined || value === null) return undefined
  if (typeof value === "string") return value
  throw new BadRow(`${column}: expected text, got ${typeof value === "object" ? "bytes" : typeof value}`)
}

export const readNumber = (row: SqliteRow, column: string): number | undefined => {
  const value = row[column]
  if (value === undefined || value === null) return undefined
  if (typeof value === "number" && Number.isFinite(value)) return value
  throw new BadRow(`${column}: expected a number, got ${JSON.stringify(value).slice(0, 80)}`)
}

/** SQLite's own text of a time, or RFC 3339; without a zone it is UTC. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|[+-]\d\d:?\d\d)?$/i
/** Numbers above are milliseconds: as seconds they would lie beyond the year 5000. */
const MOST_SECONDS = 1e11

/** A time as PostgreSQL reads it, to the microsecond. Numbers are seconds or milliseconds since 1970. */
export const readTime = (row: SqliteRow, column: string): string | undefined => {
  const value = row[column]
  if (value === undefined || value === null || value === "") return undefined
  const wrong = () => new BadRow(`${column}: expected a time, got ${JSON.stringify(value).slice(0, 80)}`)
  if (typeof value === "number") {
    const date = new Date(value > MOST_SECONDS ? value : value * 1000)
    if (Number.isNaN(date.getTime())) throw wrong()
    return date.toISOString()
  }
  const [, day, time = "00:00:00", zone = "Z"] = (typeof value === "string" && TIME.exec(value.trim())) || []
  const text = `${day}T${time}${zone.toUpperCase()}`
  // A Date knows days and hours; the microseconds stay in the text.
  if (day === undefined || Number.isNaN(Date.parse(text.replace(/(\.\d{3})\d+/, "$1")))) throw wrong()
  return text
}

const parsed = (row: SqliteRow, column: string): unknown => {
  const text = readTextOf(row, column)
  if (text === undefined || text.trim() === "") return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new BadRow(`${column}: expected JSON, got ${JSON.stringify(text).slice(0, 80)}`)
  }
}

/** Texts of a JSON array; empty ones are left out, for a label says something. */
export const readLabels = (row: SqliteRow, column: string): string[] => {
  const value = parsed(row, column)
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new BadRow(`${column}: expected a JSON array, got ${typeof value}`)
  return value
    .filter((item) => item !== null && typeof item !== "object")
    .map(String)
    .filter((label) => label !== "")
}

export const readObject = (row: SqliteRow, column: string): Record<string, unknown> => {
  const value = parsed(row, column)
  if (value === undefined || value === null) return {}
  if (typeof value !== "object" || Array.isArray(value)) throw new BadRow(`${column}: expected a JSON object`)
  return value as Record<string, unknown>
}

/** A vector as text: from little-endian float32 bytes, or from a JSON array. Undefined for none. */
export const readVectorOf = (row: SqliteRow, column: string): { text: string; dimensions: number } | undefined => {
  const value = row[column]
  if (value === undefined || value === null) return undefined
  let numbers: number[]
  if (value instanceof Uint8Array) {
    if (value.length === 0 || value.length % 4 !== 0)
      throw new BadRow(`${column}: expected float32 values, got ${value.length} bytes`)
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
    numbers = Array.from({ length: value.length / 4 }, (_, i) => view.getFloat32(4 * i, true))
  } else {
    const list = parsed(row, column)
    if (!Array.isArray(list)) throw new BadRow(`${column}: expected a vector`)
    numbers = list.map(Number)
  }
  if (!numbers.every(Number.isFinite)) throw new BadRow(`${column}: expected finite numbers`)
  return { text: `[${numbers.join(",")}]`, dimensions: numbers.length }
}
