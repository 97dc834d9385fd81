import { createHash } from "node:crypto"
import type { Columns, Returns, SqlFunction } from "../plv8-src/runtime/define.ts"
import type { Bundle } from "./bundle.ts"

/** The role that owns functions that sign, verify or append; see sql/roles.sql. */
export const definerOwner = "penstock_log_owner"

/** What is installed for one bundle. */
export interface FunctionDdl {
  /** "integrity._min_cut(int4, plv8_int4array)", as DROP and COMMENT take it. */
  readonly signature: string
  /** The function's body, exactly what pg_proc.prosrc holds. */
  readonly body: string
  /** Everything to run: create, revoke, grant, comment, owner. */
  readonly sql: string
}

/** 'text' with its apostrophes doubled; assumes standard_conforming_strings. */
export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** DDL of one function, with the bundle as its body. */
export const functionDdl = ({ source, definition, code }: Bundle): FunctionDdl => {
  checkDefinition(source, definition)
  const signature = signatureOf(definition)
  const body = bodyOf(source, definition, code)
  return { signature, body, sql: statements(definition, signature, body) }
}

const signatureOf = ({ schema, name, args }: SqlFunction): string =>
  `${schema}.${name}(${Object.values(args).join(", ")})`

/**
 * The bundle runs once in a session: its definition is kept on globalThis under a name
 * with the bundle's hash, so a replaced function never runs the code of its predecessor.
 */
const bodyOf = (source: string, { schema, name, args, returns }: SqlFunction, code: string): string => {
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 16)
  const key = JSON.stringify(`${schema}.${name} ${hash}`)
  const call = `definition.run({ ${Object.keys(args).join(", ")} })`
  return [
    `"use strict";`,
    `/* ${source} */`,
    `let definition = globalThis[${key}];`,
    `if (definition === undefined) {`,
    code.trimEnd(),
    `Object.defineProperty(globalThis, ${key}, { value: definition });`,
    `}`,
    ...returnStatements(returns, call),
    "",
  ].join("\n")
}

const returnStatements = (returns: Returns, call: string): string[] => {
  if (returns === "void") return [`${call};`]
  if (typeof returns === "string" || returns.kind === "setof") return [`return ${call};`]
  return [`const rows = ${call};`, `return Array.isArray(rows) ? rows : [rows];`]
}

/** Lines of the body before the first line of the bundle; for mapping a stack line to its source. */
export const bodyOffset = 4

const columnList = (columns: Columns): string =>
  Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(", ")

const returnsOf = ({ returns }: SqlFunction): string => {
  if (typeof returns === "string") return returns
  return returns.kind === "table" ? `table (${columnList(returns.columns)})` : `setof ${returns.type}`
}

const argumentsOf = ({ args, defaults = {} }: SqlFunction): string =>
  Object.entries(args)
    .map(([name, type]) => {
      const value = defaults[name]
      return `\n  ${name} ${type}${value === undefined ? "" : ` default ${value}`}`
    })
    .join(",")

const statements = (definition: SqlFunction, signature: string, body: string): string => {
  const { schema, name, volatility, strict, parallel, cost, security, grant, comment } = definition
  const header = [
    `create or replace function ${schema}.${name}(${argumentsOf(definition)}${Object.keys(definition.args).length > 0 ? "\n" : ""})`,
    `returns ${returnsOf(definition)}`,
    "language plv8",
    volatility,
    ...(strict === true ? ["strict"] : []),
    `parallel ${parallel ?? "restricted"}`,
    ...(security === "definer" ? ["security definer", "set search_path = ''"] : []),
    `cost ${cost ?? 1000}`,
    `as ${quoteLiteral(body)};`,
  ]
  return [
    header.join("\n"),
    `comment on function ${signature} is ${quoteLiteral(comment)};`,
    `revoke all on function ${signature} from public;`,
    ...(grant.length > 0 ? [`grant execute on function ${signature} to ${grant.join(", ")};`] : []),
    ...(security === "definer" ? changeOwner(schema, signature) : []),
    "",
  ].join("\n")
}

/** A new owner needs CREATE on the schema, for as long as it takes. */
const changeOwner = (schema: string, signature: string): string[] => [
  `grant create on schema ${schema} to ${definerOwner};`,
  `alter function ${signature} owner to ${definerOwner};`,
  `revoke create on schema ${schema} from ${definerOwner};`,
]

const identifier = /^[a-z_][a-z0-9_]*$/
const taken = new Set(["definition", "rows", "arguments", "eval", "default", "in", "new", "return", "this", "with"])

const checkDefinition = (
  source: string,
  { schema, name, args, returns, defaults = {}, comment }: SqlFunction,
): void => {
  const columns = typeof returns === "object" && returns.kind === "table" ? Object.keys(returns.columns) : []
  for (const word of [schema, name, ...Object.keys(args), ...columns]) {
    if (!identifier.test(word)) throw new Error(`${source}: expected a snake_case name, got "${word}"`)
  }
  for (const word of Object.keys(args)) {
    if (taken.has(word))
      throw new Error(`${source}: an argument may not be called "${word}"; JavaScript needs the word`)
  }
  const names = Object.keys(args)
  const first = names.findIndex((argument) => defaults[argument] !== undefined)
  const missing = first < 0 ? undefined : names.slice(first).find((argument) => defaults[argument] === undefined)
  if (missing !== undefined) throw new Error(`${source}: "${missing}" follows an argument with a default and has none`)
  if (!/^[A-Z][^]*\.$/.test(comment)) throw new Error(`${source}: the comment is to be whole sentences`)
}
