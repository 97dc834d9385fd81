import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("../../fixtures/integrity", import.meta.url))

export const readFixture = (name: string): string => readFileSync(join(folder, name), "utf8")

/** Rows of a tab-separated table, by column name. */
export const readTable = (name: string): Record<string, string>[] => {
  const [header = "", ...lines] = readFixture(name).trimEnd().split("\n")
  const columns = header.split("\t")
  return lines.map((line) => {
    const cells = line.split("\t")
    return Object.fromEntries(columns.map((column, position) => [column, cells[position] ?? ""]))
  })
}
