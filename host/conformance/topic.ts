/**
 * Reads a topic: an SQL file of blocks separated by empty lines.
 *
 *     -- what is expected, as a sentence
 *     select f(1), f(null)
 *     --> 2 | NULL
 *
 * A block ends with what its last statement gives: `-->` one line per row, columns in their text form
 * joined by " | "; `--> (no rows)`; `--!` a SQLSTATE, several joined by " or "; `--*` a notice, as
 * level and text. A line `--or` and a reason starts another answer that is accepted as well, where
 * real plv8 is known to differ from its documentation. A block without any of these is preparation
 * and has to succeed. The first block names the topic and needs no statement.
 */
export interface Answer {
  readonly rows: readonly string[]
  readonly sqlstates: readonly string[]
  readonly notices: readonly string[]
  /** Why this answer is accepted; undefined for the documented one. */
  readonly reason: string | undefined
}

export interface Check {
  readonly name: string
  readonly line: number
  readonly sql: string
  /** The accepted answers; none for a preparation. */
  readonly answers: readonly Answer[]
}

export interface Topic {
  readonly title: string
  readonly checks: readonly Check[]
}

export function parseTopic(text: string): Topic {
  const [first, ...rest] = blocksOf(text)
  const title = first?.lines[0]?.replace(/^-- */, "") ?? ""
  if (title === "" || first?.lines.some((line) => !line.startsWith("--"))) {
    throw new Error("a topic begins with a block of comments whose first line is its title")
  }
  return { title, checks: rest.map(parseBlock) }
}

interface Block {
  readonly line: number
  readonly lines: string[]
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let current: Block | undefined
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") {
      current = undefined
      continue
    }
    if (current === undefined) {
      current = { line: index + 1, lines: [] }
      blocks.push(current)
    }
    current.lines.push(line)
  }
  return blocks
}

const answerLine = /^--(>|!|\*|or)\s?(.*)$/

function parseBlock({ line, lines }: Block): Check {
  const answersFrom = lines.findIndex((candidate) => answerLine.test(candidate))
  const body = answersFrom < 0 ? lines : lines.slice(0, answersFrom)
  const name = body[0]?.startsWith("-- ") === true ? body[0].slice(3) : "preparation"
  const sql = body.filter((candidate) => !candidate.startsWith("-- ")).join("\n")
  return { name, line, sql, answers: answersFrom < 0 ? [] : parseAnswers(lines.slice(answersFrom)) }
}

function parseAnswers(lines: readonly string[]): Answer[] {
  const answers: { rows: string[]; sqlstates: string[]; notices: string[]; reason: string | undefined }[] = []
  const begin = (reason: string | undefined) => answers.push({ rows: [], sqlstates: [], notices: [], reason })
  begin(undefined)
  for (const line of lines) {
    const [, mark, rest = ""] = answerLine.exec(line) ?? []
    const answer = answers.at(-1)
    if (mark === "or") begin(rest)
    else if (mark === ">") answer?.rows.push(rest)
    else if (mark === "!") answer?.sqlstates.push(...rest.split(" or "))
    else if (mark === "*") answer?.notices.push(rest)
    else throw new Error(`not an answer: ${line}`)
  }
  return answers
}
