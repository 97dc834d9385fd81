/** Calls of the database's functions by name, checked against their signatures when compiled. */
import type { Executor, QueryOptions } from "./executor.ts"
import { type SqlFunctions, VARIADIC } from "./functions.ts"
import { arrayText } from "./values.ts"

/** A value as a parameter: objects as JSON, lists as the text of an array. */
function parameter(value: unknown): unknown {
  if (Array.isArray(value)) {
    return arrayText(value.map((item: unknown) => (item === null || item === undefined ? null : elementText(item))))
  }
  if (typeof value === "object" && value !== null && !(value instanceof Date) && !(value instanceof Uint8Array)) {
    return JSON.stringify(value)
  }
  return value
}

function elementText(item: unknown): string {
  if (typeof item === "string") return item
  if (item instanceof Uint8Array) return `\\x${Buffer.from(item).toString("hex")}`
  if (item instanceof Date) return item.toISOString()
  return typeof item === "object" ? JSON.stringify(item) : `${item as number | bigint | boolean}`
}

/**
 * Calls a function with named arguments and returns its rows; a function that returns one value gives one row with a
 * column of its name. Arguments that are left out take the function's defaults.
 *
 *     const [row] = await callFunction(executor, "integrity.explain", { collection: "films" })
 */
export function callFunction<N extends keyof SqlFunctions>(
  executor: Executor,
  name: N,
  args: SqlFunctions[N]["args"],
  options: QueryOptions = {},
): Promise<SqlFunctions[N]["row"][]> {
  const given = Object.entries(args).filter(([, value]) => value !== undefined)
  const list = given.map(([argument], i) => {
    if (!/^[a-z_][a-z0-9_]*$/.test(argument)) throw new TypeError(`${name}: no argument ${JSON.stringify(argument)}`)
    return `${VARIADIC[name] === argument ? "variadic " : ""}"${argument}" => $${i + 1}`
  })
  if (!/^[a-z]+\.[a-z_0-9]+$/.test(name)) throw new TypeError(`no function ${JSON.stringify(name)}`)
  return executor.query<SqlFunctions[N]["row"]>(
    `select * from ${name}(${list.join(", ")})`,
    given.map(([, value]) => parameter(value)),
    options,
  )
}
