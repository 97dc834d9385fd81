import { readFileSync } from "node:fs"
import { expect, test } from "@jest/globals"
import { DEFAULT_POLICY } from "../../../plv8-src/integrity/policy-defaults.ts"
import { documented } from "./documented.ts"
import { readTable } from "./fixtures.ts"

const readPage = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8")
const page = readPage("decisions.md")

/** The rows below the table header that begins with these columns, as cells without code marks. */
const tableAfter = (...columns: string[]): string[][] => {
  const lines = page.split("\n")
  const header = lines.findIndex((line) => line.startsWith(`| ${columns.join(" | ")} |`))
  const body = lines.slice(header + 2)
  const end = body.findIndex((line) => !line.startsWith("|"))
  const cells = (line: string) => line.split("|").slice(1, -1)
  return body.slice(0, end).map((line) => cells(line).map((cell) => cell.trim().replaceAll("`", "")))
}

test("docs/decisions.md shows the golden table", () => {
  const rows = readTable("default-policy.tsv").map((row) => Object.values(row))
  expect(tableAfter("operation", "risk", "kind")).toEqual(rows)
})

test("docs/decisions.md shows the risk table", () => {
  const golden = readTable("risk-table.tsv")
  const examples = { low: "search", medium: "update", high: "shard_move" }
  const rows = Object.entries(examples).map(([risk, operation]) => {
    const row = golden.find((candidate) => candidate["operation"] === operation)
    return [risk, row?.["normal"], row?.["stress"], row?.["critical"]]
  })
  expect(tableAfter("risk", "normal")).toEqual(rows)
})

test("docs/decisions.md shows the defaults of every action and of the hysteresis", () => {
  const { normal_actions, stress_actions, critical_actions, hysteresis } = DEFAULT_POLICY
  const rows = tableAfter("field of a state's actions")
  expect(rows.map(([field]) => field)).toEqual(Object.keys(normal_actions))
  for (const [field = "", , normal, stress, critical] of rows)
    expect([normal, stress, critical]).toEqual(
      [normal_actions, stress_actions, critical_actions].map((actions) =>
        JSON.stringify(actions[field as keyof typeof actions]),
      ),
    )
  expect(tableAfter("field", "default").map(([field, value]) => [field, Number(value)])).toEqual(
    Object.entries(hysteresis),
  )
})

test("the pictures and sentences of docs/integrity.md are the product's own", () => {
  const blocks = [...readPage("integrity.md").matchAll(/```mermaid\n(flowchart[^`]*)```\n\n> ([^\n]*)\n/gu)]
  expect(blocks.map(([, mermaid, words]) => [mermaid, words])).toEqual(documented.map((d) => [d.mermaid, d.words]))
  expect(documented.map((d) => d.lambda)).toEqual([1, 0.45, 0, 0, 1, 0])
})
