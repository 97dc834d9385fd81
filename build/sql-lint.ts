import { scan } from "libpg-query"
import type { Piece } from "./install-order.ts"
import type { Finding } from "./sql-finding.ts"
import { functionRules } from "./sql-function-rules.ts"
import { objectRules } from "./sql-object-rules.ts"
import { splitStatements, SqlSyntaxError } from "./statements.ts"
import { textRules } from "./sql-text-rules.ts"

/** Checks files of sql/ against the conventions of the project (docs/building.md). */
export const lintSql = async (pieces: readonly Piece[]): Promise<Finding[]> => {
  const findings: Finding[] = []
  const statements = []
  for (const piece of pieces) {
    try {
      const own = await splitStatements(piece)
      const { tokens } = await scan(piece.sql)
      findings.push(...(await textRules(piece, tokens)), ...(await functionRules(piece, own)))
      statements.push(...own)
    } catch (error) {
      if (!(error instanceof SqlSyntaxError)) throw error
      findings.push({ source: error.source, line: error.line, message: error.message.replace(/^[^ ]+ /, "") })
    }
  }
  findings.push(...objectRules(statements))
  return findings.sort((a, b) => (a.source === b.source ? a.line - b.line : a.source < b.source ? -1 : 1))
}
