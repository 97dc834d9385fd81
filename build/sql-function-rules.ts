import type { CreateFunctionStmt, DefElem } from "@pgsql/types"
import { parsePlPgSQL } from "libpg-query"
import type { Piece } from "./install-order.ts"
import { unqualifiedNames } from "./qualified-names.ts"
import { type Finding, lineAt } from "./sql-finding.ts"
import type { Statement } from "./statements.ts"

/** Rules about functions, procedures and DO blocks. */
export const functionRules = async ({ source, sql }: Piece, statements: readonly Statement[]): Promise<Finding[]> => {
  const findings: Finding[] = []
  for (const statement of statements) {
    const problems: string[] = []
    if ("CreateFunctionStmt" in statement.node) {
      problems.push(...headerProblems(statement.node.CreateFunctionStmt, sql))
      problems.push(...(await searchPathProblems(statement.node.CreateFunctionStmt, statement.text)))
    }
    problems.push(...(await bodyProblems(statement)))
    for (const message of problems) {
      findings.push({ source, line: statement.line, message: `${statement.targets[0]}: ${message}` })
    }
  }
  return findings
}

const optionsOf = (definition: CreateFunctionStmt): DefElem[] =>
  (definition.options ?? []).flatMap((option) => ("DefElem" in option ? [option.DefElem] : []))

/**
 * A SET clause forbids COMMIT in a procedure and inlining of a function in SQL, and it costs a call of the gate a
 * quarter of its time. A plpgsql function may go without where every name and operator says its schema.
 */
const searchPathProblems = async (definition: CreateFunctionStmt, text: string): Promise<string[]> => {
  const options = optionsOf(definition)
  if (options.some(isSearchPath)) return []
  const word = (name: string): string => wordOf(options.find((option) => option.defname === name))
  const isDefiner = word("security") === "true"
  if (definition.is_procedure === true && !isDefiner) return []
  const complaint = `${isDefiner ? "security definer" : "plpgsql"} without set search_path`
  if (word("language") !== "plpgsql") return isDefiner ? [complaint] : []
  const names = await unqualifiedNames(text).catch(() => ["what its parser cannot read"])
  return names.length === 0 ? [] : [`${complaint}, and without a schema: ${names.join(", ")}`]
}

const headerProblems = (definition: CreateFunctionStmt, sql: string): string[] => {
  const options = optionsOf(definition)
  const has = (name: string): boolean => options.some((option) => option.defname === name)
  const procedure = definition.is_procedure === true
  const problems: string[] = []
  if (!definition.replace) problems.push("write create or replace")
  if (!procedure && !has("volatility")) problems.push("state the volatility: immutable, stable or volatile")
  const lines = [
    ...options.map((option) => lineAt(sql, option.location ?? 0)),
    ...(definition.returnType?.location === undefined ? [] : [lineAt(sql, definition.returnType.location)]),
  ]
  if (new Set(lines).size < lines.length) problems.push("one attribute a line")
  return problems
}

const isSearchPath = ({ defname, arg }: DefElem): boolean =>
  defname === "set" && arg !== undefined && "VariableSetStmt" in arg && arg.VariableSetStmt.name === "search_path"

const wordOf = (option: DefElem | undefined): string => {
  const arg = option?.arg
  if (arg === undefined) return ""
  if ("String" in arg) return arg.String.sval ?? ""
  return "Boolean" in arg ? String(arg.Boolean.boolval ?? false) : ""
}

/** plpgsql's own parser; it says where only through the statement. */
const bodyProblems = async ({ node, text }: Statement): Promise<string[]> => {
  const isBlock = "DoStmt" in node
  const isPlpgsql = "CreateFunctionStmt" in node && /^\s*language plpgsql$/m.test(text)
  if (!isBlock && !isPlpgsql) return []
  try {
    await parsePlPgSQL(text)
    return []
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    /* It has no catalog, so it takes an array of a composite type for a row. */
    return message.endsWith("is not a scalar variable") ? [] : [`plpgsql: ${message}`]
  }
}
