/** Calls of functions of the schema memory, by the names of their arguments. */
import type { Executor } from "../sql/executor.ts"
import { arrayText, readVector } from "../sql/values.ts"

export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** A value as a parameter: lists of texts as an array, other objects as JSON. */
const parameter = (executor: Executor, value: unknown): unknown => {
  if (value instanceof Float32Array || value instanceof Float64Array) return executor.vector(value)
  if (Array.isArray(value)) {
    return value.length > 0 && value.every((item) => typeof item === "number")
      ? executor.vector(value)
      : arrayText(value as (string | null)[])
  }
  if (typeof value === "object" && value !== null && !(value instanceof Date)) return JSON.stringify(value)
  return value
}

/** Arguments that are undefined keep the default of the function. */
export const callText = (
  executor: Executor,
  name: string,
  args: Readonly<Record<string, unknown>>,
): { text: string; values: unknown[] } => {
  const given = Object.entries(args).filter(([, value]) => value !== undefined)
  return {
    text: `${name}(${given.map(([argument], i) => `"${snakeCase(argument)}" => $${i + 1}`).join(", ")})`,
    values: given.map(([, value]) => parameter(executor, value)),
  }
}

const vectorColumns = new Set(["embedding", "centroid"])

/** A row with names as in TypeScript, and vectors as numbers. */
export const readRow = (row: Readonly<Record<string, unknown>>): unknown =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      camelCase(name),
      vectorColumns.has(name) && typeof value === "string" ? readVector(value) : value,
    ]),
  )
