/** One violation of the conventions of sql/. */
export interface Finding {
  readonly source: string
  readonly line: number
  readonly message: string
  /** A warning is printed and does not fail the check. */
  readonly warning?: boolean
}

/** A lexical token of PostgreSQL; offsets in bytes. */
export interface Token {
  readonly start: number
  readonly text: string
  readonly tokenName: string
}

/** Line of a byte offset, from 1. */
export const lineAt = (sql: string, offset: number): number =>
  Buffer.from(sql).toString("utf8", 0, offset).split("\n").length
