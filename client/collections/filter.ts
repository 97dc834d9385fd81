/** Filters on metadata, with the meaning that penstock.search gives them in SQL (jsonb containment and comparison). */
import { errorOf } from "../errors.ts"
import type { Filter, Json } from "./collection.ts"

export type Condition = (metadata: Json) => boolean

type JsonObject = { readonly [key: string]: Json | undefined }

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isList = (value: unknown): value is readonly Json[] => Array.isArray(value)
const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null
const bad = (message: string) => errorOf("22023", message)
const shown = (value: unknown) => (JSON.stringify(value) ?? "undefined").slice(0, 100)

function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (isList(a) && isList(b)) return a.length === b.length && a.every((value, i) => equal(value, b[i]))
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a)
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
  }
  return a === b
}

/** The operator @> of jsonb below the top level. */
function contains(a: Json | undefined, b: Json | undefined): boolean {
  if (isObject(b))
    return isObject(a) && Object.keys(b).every((key) => Object.hasOwn(a, key) && contains(a[key], b[key]))
  if (isList(b)) return isList(a) && b.every((wanted) => a.some((value) => contains(value, wanted)))
  return a === b
}

function at(metadata: Json | undefined, path: readonly string[]): Json | undefined {
  let value = metadata
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

/** Texts in the order of their bytes in UTF-8: the collation C. */
function compare(a: number | string, b: number | string): number {
  return typeof a === "string" ? Buffer.compare(Buffer.from(a), Buffer.from(b as string)) : a - (b as number)
}

const ranges: Readonly<Record<string, (order: number) => boolean>> = {
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
}

type OperatorOf = (path: readonly string[], value: Json) => Condition

const operators: Readonly<Record<string, OperatorOf>> = {
  $eq: (path, value) => (metadata) => equal(at(metadata, path), value),
  $ne: (path, value) => (metadata) => !equal(at(metadata, path), value),
  $contains: (path, value) => (metadata) => contains(at(metadata, path), isScalar(value) ? [value] : value),
  $in(path, value) {
    if (!isList(value) || !value.every(isScalar)) {
      throw bad(`expected a list of strings, numbers, booleans and nulls for $in, got ${shown(value)}`)
    }
    return (metadata) => value.includes(at(metadata, path) as Json)
  },
  $exists(path, value) {
    if (typeof value !== "boolean") throw bad(`expected true or false for $exists, got ${shown(value)}`)
    const key = path.at(-1) as string
    return (metadata) => {
      const parent = at(metadata, path.slice(0, -1))
      // The operator ? of jsonb also looks for the key among the texts of a list, and in a text itself.
      const found = isObject(parent)
        ? Object.hasOwn(parent, key)
        : isList(parent)
          ? parent.includes(key)
          : parent === key
      return found === value
    }
  },
}

function operatorCondition(path: readonly string[], name: string, value: Json): Condition {
  const range = Object.hasOwn(ranges, name) ? ranges[name] : undefined
  const operator = Object.hasOwn(operators, name) ? operators[name] : undefined
  if (range === undefined && operator === undefined) throw bad(`expected a filter operator, got ${shown(name)}`)
  if (path.length === 0) throw bad(`expected a key of the metadata around ${name}`)
  if (operator !== undefined) return operator(path, value)
  if (typeof value !== "number" && typeof value !== "string") {
    throw bad(`expected a number or a string for ${name}, got ${shown(value)}`)
  }
  return (metadata) => {
    const found = at(metadata, path)
    return (
      typeof found === typeof value && (range as (order: number) => boolean)(compare(found as number | string, value))
    )
  }
}

function compile(filter: unknown, path: readonly string[], depth: number): Condition {
  if (!isObject(filter)) throw bad(`expected a filter that is a JSON object, got ${shown(filter)}`)
  if (depth > 32) throw bad("expected a filter of at most 32 levels, got a deeper one")
  const conditions = Object.entries(filter).map(([key, value = null]): Condition => {
    if (key === "$and" || key === "$or") {
      if (!isList(value) || value.length === 0)
        throw bad(`expected a list of at least one filter for ${key}, got ${shown(value)}`)
      const parts = value.map((part) => compile(part, path, depth + 2))
      return key === "$and"
        ? (metadata) => parts.every((part) => part(metadata))
        : (metadata) => parts.some((part) => part(metadata))
    }
    if (key === "$not") {
      const part = compile(value, path, depth + 1)
      return (metadata) => !part(metadata)
    }
    if (key.startsWith("$")) return operatorCondition(path, key, value)
    const below = [...path, key]
    if (isObject(value) && Object.keys(value).length > 0) return compile(value, below, depth + 1)
    return operatorCondition(below, "$eq", value)
  })
  return (metadata) => conditions.every((condition) => condition(metadata))
}

/** The condition that a filter states; 22023 for one that SQL would refuse. */
export function filterCondition(filter: Filter | undefined): Condition {
  if (filter === undefined) return () => true
  // Keys that are undefined do not reach a database either.
  return compile(JSON.parse(JSON.stringify(filter)) as unknown, [], 0)
}
