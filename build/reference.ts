/**
 * Writes docs/reference.md from the comments of the installed objects.
 *
 * `tsx build/reference.ts` writes it, `tsx build/reference.ts --check` fails when the file in the tree differs.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { openDatabase } from "../test/support/database.ts"

interface Entry {
  schema: string
  kind: "function" | "procedure" | "aggregate" | "view"
  name: string
  arguments: string
  result: string | null
  volatility: string
  definer: boolean
  comment: string | null
  roles: string[]
  columns: string[] | null
}

const INTRODUCTION = `# Reference

Every function and view that callers may use, generated from the comments in the database (\`make reference\`). What begins with an underscore is private and may change in any release. Errors are explained in [errors.md](errors.md).
`

const SCHEMAS: Readonly<Record<string, string>> = {
  penstock: "Collections: named vector tables with metadata.",
  integrity: "The control plane: graph, minimum cut, gates, history.",
  memory: "An agent's long-term memory.",
}

const escapeCell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ")

function describe(entry: Entry): string {
  const lines = [`### ${entry.schema}.${entry.name}`, ""]
  if (entry.kind === "view") {
    lines.push(entry.comment ?? "", "", "| column | type | meaning |", "| --- | --- | --- |")
    for (const column of entry.columns ?? []) {
      const [name = "", type = "", meaning = ""] = column.split("\t")
      lines.push(`| \`${name}\` | ${escapeCell(type)} | ${escapeCell(meaning)} |`)
    }
  } else {
    const returns = entry.result === null ? "" : ` returns ${entry.result}`
    lines.push(
      "```sql",
      `${entry.schema}.${entry.name}(${entry.arguments})${returns}`,
      "```",
      "",
      entry.comment ?? "",
      "",
    )
    const properties = [entry.kind === "function" ? entry.volatility : entry.kind]
    if (entry.definer) properties.push("security definer")
    lines.push(`*${properties.join(", ")}; ${entry.roles.length === 0 ? "owner only" : entry.roles.join(", ")}*`)
  }
  return `${lines.join("\n")}\n`
}

async function reference(): Promise<string> {
  const database = await openDatabase()
  try {
    const entries = (await database.query(
      readFileSync(join(import.meta.dirname, "reference.sql"), "utf8"),
    )) as unknown as Entry[]
    const parts = [INTRODUCTION]
    for (const [schema, title] of Object.entries(SCHEMAS)) {
      const own = entries.filter((entry) => entry.schema === schema)
      if (own.length > 0) parts.push(`## Schema ${schema}\n\n${title}\n`, ...own.map(describe))
    }
    return parts.join("\n")
  } finally {
    await database.close()
  }
}

const { values } = parseArgs({ options: { check: { type: "boolean" } } })
const path = join(import.meta.dirname, "..", "docs", "reference.md")
const text = await reference()
if (values.check !== true) {
  writeFileSync(path, text)
} else if (readFileSync(path, "utf8") !== text) {
  console.error("docs/reference.md differs from the comments in the database; run: make reference")
  process.exit(1)
}
