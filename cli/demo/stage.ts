/** What the demonstration says and checks: readable lines for people, or one JSON object a line for machines. */
import { formatReport, type Report } from "../lib/errors.ts"

export interface Stage {
  /** Opens a chapter. */
  chapter: (title: string) => void
  say: (text: string) => void
  /** Shows a statement as it is sent. */
  statement: (sql: string) => void
  /** Shows a refusal with its SQLSTATE and HINT. */
  refusal: (report: Report) => void
  /** States what must hold. The demonstration ends with exit code 1 at the first one that does not. */
  check: (claim: string, holds: boolean, facts?: Readonly<Record<string, unknown>>) => void
}

/** A claim of the demonstration did not hold. */
export class ClaimFailed extends Error {}

interface Output {
  print: (line: string) => void
  json: boolean
  colour: boolean
}

export function openStage({ print, json, colour }: Output): Stage {
  let number = 0
  let chapter = ""
  const paint = (code: string, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  const indent = (text: string, by: string) =>
    text
      .split("\n")
      .map((line) => `${by}${line}`.trimEnd())
      .join("\n")
  const forPeople = (text: string) => {
    if (!json) print(text)
  }
  return {
    chapter(title) {
      number++
      chapter = title
      forPeople(`\n${paint("1", `${number}. ${title}`)}`)
    },
    say: (text) => forPeople(indent(text, "   ")),
    statement: (sql) => forPeople(paint("36", indent(sql.trim(), "   > "))),
    refusal: (report) => forPeople(paint("33", indent(formatReport(report), "   "))),
    check(claim, holds, facts = {}) {
      if (json) print(JSON.stringify({ chapter, claim, ok: holds, ...facts }))
      else print(`   ${holds ? paint("32", "ok") : paint("31", "FAILED")}  ${claim}`)
      if (!holds) throw new ClaimFailed(`the demonstration expected: ${claim}; got ${JSON.stringify(facts)}`)
    },
  }
}
