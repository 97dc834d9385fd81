/**
 * Writes client/sql/functions.ts: the types of every SQL function that callers may use, from the catalog of an
 * installed database, so that `callFunction` checks names, arguments and results when it is compiled.
 *
 * `tsx build/client-types.ts` writes it; a test fails when the file in the tree differs.
 */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { openDatabase } from "../test/support/database.ts"
import { root } from "./root.ts"

interface Entry {
  schema: string
  name: string
  is_set: boolean
  /** Null when it returns columns. */
  result: string | null
  arguments: string[]
  columns: string[] | null
  comment: string | null
}

const HEAD = `/**
 * The functions of the database, generated from its catalog by \`make client-types\`; do not edit.
 *
 * jsonb goes in as a value or as its text and comes out parsed; vectors go in and come out as text.
 */
/* oxlint-disable typescript/no-redundant-type-constituents */
`

const inputs: Readonly<Record<string, string>> = { jsonb: "unknown", json: "unknown", bigint: "number | bigint" }
const scalars: Readonly<Record<string, string>> = {
  boolean: "boolean",
  smallint: "number",
  integer: "number",
  real: "number",
  "double precision": "number",
  bigint: "number | bigint",
  bytea: "Uint8Array",
  jsonb: "unknown",
  json: "unknown",
  "timestamp with time zone": "Date",
  void: "unknown",
}

const arrayOf = (type: string) => (type.includes(" ") ? `(${type})[]` : `${type}[]`)

function typeOf(sql: string, given: boolean): string {
  if (sql.endsWith("[]")) return arrayOf(typeOf(sql.slice(0, -2), given))
  return (given ? inputs[sql] : undefined) ?? scalars[sql] ?? "string"
}

const nullable = (type: string) => (type === "unknown" ? type : `${type} | null`)
const key = (name: string) => (/^[a-z_][a-z0-9_]*$/i.test(name) ? name : JSON.stringify(name))

function argumentsOf({ arguments: list }: Entry): string {
  const fields = list.map((line) => {
    const [name = "", type = "", optional] = line.split("\t")
    return `${key(name)}${optional === "true" ? "?" : ""}: ${nullable(typeOf(type, true))}`
  })
  return fields.length === 0 ? "Record<string, never>" : `{ ${fields.join("; ")} }`
}

function rowOf({ columns, result, name }: Entry): string {
  if (columns === null) return `{ ${key(name)}: ${nullable(typeOf(result ?? "text", false))} }`
  const fields = columns.map((line) => {
    const [column = "", type = ""] = line.split("\t")
    return `${key(column)}: ${nullable(typeOf(type, false))}`
  })
  return `{ ${fields.join("; ")} }`
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

/** Overloads become a union of their arguments; what they return is the same. */
export async function clientTypes(): Promise<string> {
  const database = await openDatabase()
  try {
    const entries = (await database.query(
      readFileSync(join(root, "build/client-types.sql"), "utf8"),
    )) as unknown as Entry[]
    const byName = groupBy(entries, ({ schema, name }) => `${schema}.${name}`)
    const lines = [...byName].map(([name, overloads]) => {
      const sentence = (overloads[0]?.comment ?? "").split(/(?<=\.)\s/)[0]?.replaceAll("*/", "* /") ?? ""
      const args = [...new Set(overloads.map(argumentsOf))].join(" | ")
      const rows = [...new Set(overloads.map(rowOf))].join(" | ")
      return `  /** ${sentence} */\n  ${JSON.stringify(name)}: { args: ${args}; row: ${rows} }`
    })
    const variadic = entries.flatMap(({ schema, name, arguments: list }) =>
      list
        .filter((line) => line.endsWith("\ttrue") && line.split("\t")[3] === "true")
        .map((line) => [`${schema}.${name}`, line.split("\t")[0]]),
    )
    return `${HEAD}export interface SqlFunctions {\n${lines.join("\n")}\n}\n\n/** The argument of a function that takes any number of values: given as a list. */\nexport const VARIADIC: Readonly<Record<string, string>> = ${JSON.stringify(Object.fromEntries(variadic), null, 2)}\n`
  } finally {
    await database.close()
  }
}

async function main(): Promise<void> {
  writeFileSync(join(root, "client/sql/functions.ts"), await clientTypes())
  execFileSync("npx", ["--no-install", "biome", "format", "--write", "client/sql/functions.ts"], {
    cwd: root,
    stdio: "ignore",
  })
}

// Run as a program, not imported.
if (process.argv[1]?.endsWith("client-types.ts") === true) {
  main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
  })
}
