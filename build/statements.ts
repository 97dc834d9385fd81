import type { Node } from "@pgsql/types"
import { parse } from "libpg-query"
import type { Piece } from "./install-order.ts"
import { describeStatement, type Described } from "./statement-target.ts"

/** One SQL statement of a piece, with the comment before it. */
export interface Statement extends Described {
  readonly source: string
  /** Line of the source where the statement itself begins, from 1. */
  readonly line: number
  /** The text with its closing semicolon. */
  readonly text: string
  readonly node: Node
}

/** A file that PostgreSQL's own parser refuses. */
export class SqlSyntaxError extends Error {
  readonly source: string
  readonly line: number

  constructor(source: string, line: number, message: string) {
    super(`${source}:${line}: ${message}`)
    this.source = source
    this.line = line
  }
}

/** Splits a piece into its statements with the parser of PostgreSQL 18. */
export const splitStatements = async ({ source, sql }: Piece): Promise<Statement[]> => {
  const bytes = Buffer.from(sql)
  const { stmts = [] } = await parse(sql).catch((error: unknown) => {
    throw syntaxError(source, sql, error)
  })
  return stmts.map(({ stmt, stmt_location: start = 0, stmt_len: length = bytes.length - start }, index) => {
    if (stmt === undefined) throw new Error(`${source}: statement ${index + 1} is empty`)
    const text = `${bytes.toString("utf8", start, start + length).trim()};`
    const begin = bytes.toString("utf8", 0, start) + leadingSpace(bytes.toString("utf8", start, start + length))
    const described = describeStatement(stmt, source, index)
    return Object.assign(described, { source, line: begin.split("\n").length, text, node: stmt })
  })
}

/** White space and comments before the first word of a statement. */
const leadingSpace = (text: string): string => /^(?:\s+|--[^\n]*\n|\/\*[^]*?\*\/)*/.exec(text)?.[0] ?? ""

const syntaxError = (source: string, sql: string, error: unknown): Error => {
  const { message, sqlDetails } = error as { message: string; sqlDetails?: { cursorPosition?: number } }
  const line = sql.slice(0, sqlDetails?.cursorPosition ?? 0).split("\n").length
  return new SqlSyntaxError(source, line, message)
}
