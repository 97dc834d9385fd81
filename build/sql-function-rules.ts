import type { CreateFunctionStmt, DefElem } from "@pgsql/types"
import { parsePlPgSQL } from "libpg-query"
import type { Piece } from "./install-order.ts"
import { type Finding, lineAt } from "./sql-finding.ts"
import type { Statement } from "./statements.ts"

/** Rules about functions, procedures and DO blocks. */
export const functionRules = async ({ source, sql }: Piece, statements: readonly Statement[]): Promise<Finding[]> => {
  const findings: Finding[] = []
  for (const statement of statements) {
    const problems: string[] = []
    if ("CreateFunctionStmt" in statement.node) {
      problems.push(...headerProblems(statement.node.CreateFunctionStmt, sql))
    }
    problems.push(...(await bodyProblems(statement)))
    for (const message of problems) {
      findings.push({ source, line: statement.line, message: `${statement.targets[0]}: ${message}` })
    }
  }
  return findings
}

const headerProblems = (definition: CreateFunctionStmt, sql: string): string[] => {
  const options = (definition.options ?? []).flatMap((option) => ("DefElem" in option ? [option.DefElem] : []))
  const has = (name: string): boolean => options.some((option) => option.defname === name)
  const word = (name: string): string => wordOf(options.find((option) => option.defname === name))
  const pinned = options.some(isSearchPath)
  const procedure = definition.is_procedure === true
  const problems: string[] = []
  if (!definition.replace) problems.push("write create or replace")
  if (!procedure && !has("volatility")) problems.push("state the volatility: immutable, stable or volatile")
  if (word("security") === "true" && !pinned) problems.push("security definer without set search_path")
  /* A SET clause forbids COMMIT in a procedure and inlining of a function in SQL. */ else if (
    word("language") === "plpgsql" &&
    !procedure &&
    !pinned
  )
    problems.push("plpgsql without set search_path")
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
