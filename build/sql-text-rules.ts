import { scan } from "libpg-query"
import pgMinify from "pg-minify"
import type { Piece } from "./install-order.ts"
import { type Finding, lineAt, type Token } from "./sql-finding.ts"

const longest = 200

/**
 * Rules about the text: what graphile-migrate's comparer would misread, and length. The
 * comparer (pg-minify) knows no dollar quotes, so it reads a body as if it were SQL.
 */
export const textRules = async ({ source, sql }: Piece, tokens: readonly Token[]): Promise<Finding[]> => {
  const findings: Finding[] = []
  const add = (offset: number, message: string): void => {
    findings.push({ source, line: lineAt(sql, offset), message })
  }
  for (const { start, text, tokenName } of tokens) {
    if (tokenName !== "SCONST" || !text.startsWith("$")) continue
    const tag = /^\$\w*\$/.exec(text)?.[0] ?? ""
    if (tag === "$$") add(start, "a bare $$; name the quote, such as $fn$")
    const body = text.slice(tag.length, -tag.length)
    for (const [offset, message] of await bodyProblems(body)) {
      add(start + tag.length + offset, message)
    }
  }
  const placeholder = /:DATABASE_(?:NAME|OWNER)\b/.exec(sql)
  if (placeholder !== null) {
    add(Buffer.byteLength(sql.slice(0, placeholder.index)), "graphile-migrate replaces this placeholder")
  }
  try {
    pgMinify(sql)
  } catch (error) {
    const { error: reason, position } = error as { error?: string; position?: { line: number } }
    findings.push({
      source,
      line: position?.line ?? 1,
      message: `graphile-migrate's comparer cannot read this: ${reason ?? String(error)}`,
    })
  }
  const length = sql.trimEnd().split("\n").length
  if (length > longest) {
    findings.push({
      source,
      line: length,
      message: `${length} lines; one concept a file, at most ${longest}`,
      warning: true,
    })
  }
  return findings
}

/** Comments in a body: "--" hides the rest of its line from the comparer, an odd apostrophe what follows. */
const bodyProblems = async (body: string): Promise<[number, string][]> => {
  const { tokens } = await scan(body).catch(() => ({ tokens: [] as Token[] }))
  return tokens.flatMap(({ start, text, tokenName }): [number, string][] => {
    if (tokenName === "SQL_COMMENT") return [[start, "a -- comment inside a body; write /* */"]]
    if (tokenName === "C_COMMENT" && text.includes("'")) return [[start, "an apostrophe in a comment inside a body"]]
    return []
  })
}
