/**
 * From the JSON that SQL hands over to the body of an event.
 *
 * Events hold no fractions. A real quantity is stored as the floor of its millionths
 * under its name with "_millionths", so that every language reads the same number.
 * The floor is taken on the decimal digits (the shortest that give the number back),
 * so that 0.29 is 290000 although the double nearest to it lies below. JSON of users that
 * canonical JSON cannot hold (other keys, huge numbers) is stored as its text under its
 * name with "_json".
 */
import { SqlError } from "../errors.ts"
import { type CanonicalObject, type CanonicalValue, isCanonical } from "./canonical.ts"

/** Quantities that are real even when the value at hand is whole, so that their name never varies. */
const realQuantities = new Set([
  "capacity",
  "current_flow",
  "cut_value",
  "error_rate",
  "health",
  "health_score",
  "lambda2",
  "lambda_cut",
  "latency_ms",
  "threshold_high",
  "threshold_low",
  "throttle_factor",
  "weight",
])

const realSuffix = "_millionths"
const textSuffix = "_json"

/** Whose millionths are below 2^53. */
const maximumReal = 9e9

/** The largest integer not above a million times the value. Throws SqlError 22023 outside of +-9e9. */
export const millionths = (value: number): number => {
  if (!Number.isFinite(value) || Math.abs(value) > maximumReal) {
    throw new SqlError("22023", `expected a number between -9e9 and 9e9, got ${value}`)
  }
  const [digits = "0", exponent = "0"] = String(Math.abs(value)).split("e")
  const [whole = "0", fraction = ""] = digits.split(".")
  const shift = 6 + Number(exponent)
  const all = whole + fraction
  const point = whole.length + shift
  const kept = Number(point > 0 ? all.slice(0, point).padEnd(point, "0") : "0")
  const isExact = /^0*$/.test(point > 0 ? all.slice(point) : all)
  // Adding 0 turns -0 into 0.
  return value < 0 ? -kept - (isExact ? 0 : 1) + 0 : kept
}

export const toBody = (value: unknown): CanonicalObject => {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new SqlError("22023", "expected a JSON object as the body of an event")
  }
  return convertObject(value)
}

const convertObject = (object: object): CanonicalObject => {
  const result: Record<string, CanonicalValue> = {}
  for (const [key, member] of Object.entries(object)) {
    const [name, converted] = convertMember(key, member)
    result[name] = converted
  }
  return result
}

const convertMember = (key: string, member: unknown): readonly [string, CanonicalValue] => {
  if (typeof member === "number" && Math.abs(member) <= maximumReal) {
    if (realQuantities.has(key) || !Number.isInteger(member)) return [key + realSuffix, millionths(member)]
  }
  const converted = convert(member)
  return isCanonical(converted) ? [key, converted] : [key + textSuffix, JSON.stringify(member)]
}

const convert = (value: unknown): CanonicalValue => {
  if (Array.isArray(value)) return value.map(convert)
  if (value === null || typeof value !== "object") return value as CanonicalValue
  return convertObject(value)
}
