import { SqlError } from "../errors.ts"

/** Reads one JSON value; throws 22023 naming the field, what was expected and what was got. */
export type Reader<T> = (value: unknown, field: string) => T

/** The beginning of a text; never half of a surrogate pair, which neither jsonb nor UTF-8 can hold. */
export const beginningOf = (value: string, length: number): string =>
  value.slice(0, /[\ud800-\udbff]/u.test(value.charAt(length - 1)) ? length - 1 : length)

/** A value as an error message shows it: JSON, cut short. */
export const shown = (value: unknown): string => {
  if (value === undefined) return "nothing"
  const json = JSON.stringify(value)
  return json.length <= 60 ? json : `${beginningOf(json, 57)}...`
}

export const invalid = (field: string, expected: string, got: unknown, hint?: string): SqlError =>
  new SqlError("22023", `${field}: expected ${expected}, got ${shown(got)}`, {
    detail: JSON.stringify({ field, expected }),
    ...(hint === undefined ? {} : { hint }),
  })

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const boolean: Reader<boolean> = (value, field) => {
  if (typeof value !== "boolean") throw invalid(field, "true or false", value)
  return value
}

export const text =
  (maxLength: number, minLength = 1): Reader<string> =>
  (value, field) => {
    if (typeof value !== "string" || value.length < minLength || value.length > maxLength || value.includes("\0"))
      throw invalid(field, `a text of ${minLength} to ${maxLength} characters`, value)
    return value
  }

export const numberIn =
  (min: number, max: number): Reader<number> =>
  (value, field) => {
    if (typeof value !== "number" || !(value >= min && value <= max))
      throw invalid(field, `a number from ${min} to ${max}`, value)
    return value
  }

export const wholeIn =
  (min: number, max: number): Reader<number> =>
  (value, field) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max)
      throw invalid(field, `a whole number from ${min} to ${max}`, value)
    return value
  }

export const oneOf =
  <const T extends string | boolean>(...values: T[]): Reader<T> =>
  (value, field) => {
    const found = values.find((candidate) => candidate === value)
    if (found === undefined) throw invalid(field, values.map(shown).join(" or "), value)
    return found
  }

export const arrayOf =
  <T>(item: Reader<T>, maxLength: number): Reader<T[]> =>
  (value, field) => {
    if (!Array.isArray(value) || value.length > maxLength)
      throw invalid(field, `an array of at most ${maxLength} elements`, value)
    return value.map((element, position) => item(element, `${field}[${position}]`))
  }

export const orNull =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value, field) =>
    value === null ? null : read(value, field)

/**
 * An object with exactly these fields. A field that is missing or null takes its default, so the result is complete;
 * a field that is not known is an error (a misspelt permission must not be ignored).
 */
export const objectOf =
  <T extends object>(fields: { readonly [K in keyof T]: Reader<T[K]> }, defaults: T): Reader<T> =>
  (value, field) => {
    if (!isObject(value)) throw invalid(field === "" ? "value" : field, "an object", value)
    const path = (name: string) => (field === "" ? name : `${field}.${name}`)
    const unknownName = Object.keys(value).find((name) => !Object.hasOwn(fields, name))
    if (unknownName !== undefined)
      throw invalid(
        path(unknownName),
        "a known field",
        value[unknownName],
        `Known fields: ${Object.keys(fields).join(", ")}.`,
      )
    const result: Partial<T> = {}
    for (const name in fields) {
      const given = value[name]
      result[name] = given === undefined || given === null ? defaults[name] : fields[name](given, path(name))
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the loop has set every field of T
    return result as T
  }
