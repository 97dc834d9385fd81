/**
 * Runs the conformance suite of the language plv8 and prints a table, topic by topic.
 *
 *     DATABASE_URL=postgres://... npx tsx host/conformance/run.ts [topic ...]
 *     npx tsx host/conformance/run.ts [--pglite PACKAGE] [topic ...]
 *
 * Without DATABASE_URL it runs on PGlite, on the installed release or on one under an alias. The role
 * must be able to create a schema, a role and functions of plv8. Exit code 1 if a check failed.
 */
import { readdirSync, readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import type pg from "pg"
import { openServer } from "./server.ts"
import { type Answer, type Check, parseTopic } from "./topic.ts"

export interface Failure {
  readonly topic: string
  readonly line: number
  readonly name: string
  readonly expected: readonly string[]
  readonly got: string
}

export interface TopicReport {
  readonly topic: string
  readonly title: string
  readonly passed: number
  /** Of the passed, those whose answer differs from the documentation in a known way: name and reason. */
  readonly deviations: readonly string[]
  readonly failures: readonly Failure[]
}

export interface Report {
  readonly server: string
  readonly handler: string
  readonly v8: string
  readonly topics: readonly TopicReport[]
}

const schema = "plv8_conformance"
const folder = new URL("./topics/", import.meta.url)

/** The names of all topics, in the order in which they run. */
export function topicNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .map((file) => file.slice(0, -4))
    .toSorted()
}

export async function runConformance(
  url: string | undefined,
  only: readonly string[] = [],
  pglite?: string,
): Promise<Report> {
  const server = await openServer(url, pglite)
  try {
    const facts = await withClient(server.connect, async (client) => ({
      server: await value(client, "select current_setting('server_version')"),
      handler: await value(client, "select plv8_version()"),
      v8: await value(client, `do $do$ plv8.elog(NOTICE, plv8.v8_version) $do$ language plv8`),
    }))
    const topics: TopicReport[] = []
    for (const topic of topicNames()) {
      if (only.length > 0 && !only.includes(topic)) continue
      topics.push(await withClient(server.connect, (client) => runTopic(client, topic)))
    }
    return { ...facts, topics }
  } finally {
    await server.close()
  }
}

/** A connection of its own for each topic, so that none inherits globals or settings. */
async function withClient<T>(connect: () => Promise<pg.Client>, body: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect()
  try {
    await client.query("create extension if not exists plv8").catch(() => undefined)
    return await body(client)
  } finally {
    await client.end()
  }
}

async function value(client: pg.Client, sql: string): Promise<string> {
  const outcome = await outcomeOf(client, sql)
  return outcome.rows[0] ?? outcome.notices[0]?.replace(/^NOTICE: /, "") ?? "unknown"
}

async function runTopic(client: pg.Client, topic: string): Promise<TopicReport> {
  const { title, checks } = parseTopic(readFileSync(new URL(`${topic}.sql`, folder), "utf8"))
  await client.query("set client_min_messages = warning")
  await client.query(`drop schema if exists ${schema} cascade`)
  await client.query(`create schema ${schema}`)
  await client.query(`set search_path = ${schema}, public`)
  await client.query("set client_min_messages = notice")
  let passed = 0
  const deviations: string[] = []
  const failures: Failure[] = []
  for (const check of checks) {
    const outcome = await outcomeOf(client, check.sql)
    const answer = check.answers.length === 0 ? undefined : check.answers.find((one) => matches(one, outcome))
    const isRight = check.answers.length === 0 ? outcome.sqlstate === undefined : answer !== undefined
    if (!isRight)
      failures.push({ topic, line: check.line, name: check.name, expected: expectation(check), got: show(outcome) })
    else if (check.answers.length > 0) passed++
    if (answer?.reason !== undefined) deviations.push(`${topic}.sql:${check.line} ${check.name}: ${answer.reason}`)
  }
  await client.query("rollback").catch(() => undefined)
  await client.query(`reset role; set client_min_messages = warning; drop schema ${schema} cascade`)
  return { topic, title, passed, deviations, failures }
}

interface Outcome {
  readonly rows: readonly string[]
  readonly notices: readonly string[]
  readonly sqlstate: string | undefined
  readonly message: string
}

async function outcomeOf(client: pg.Client, sql: string): Promise<Outcome> {
  const notices: string[] = []
  const listen = (notice: { severity?: string | undefined; message?: string | undefined }) =>
    void notices.push(`${notice.severity}: ${notice.message}`)
  client.on("notice", listen)
  try {
    const result = (await client.query({ text: sql, rowMode: "array" })) as pg.QueryArrayResult | pg.QueryArrayResult[]
    const last = Array.isArray(result) ? result.at(-1) : result
    const rows = (last?.rows ?? []).map((row: unknown[]) =>
      row.map((cell) => (cell === null ? "NULL" : (cell as string))).join(" | "),
    )
    return { rows, notices, sqlstate: undefined, message: "" }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return { rows: [], notices, sqlstate: code ?? "no SQLSTATE", message }
  } finally {
    client.off("notice", listen)
  }
}

function matches(answer: Answer, outcome: Outcome): boolean {
  const { rows, sqlstates, notices } = answer
  if (notices.length > 0 && notices.join("\n") !== outcome.notices.join("\n")) return false
  if (sqlstates.length > 0) return outcome.sqlstate !== undefined && sqlstates.includes(outcome.sqlstate)
  if (outcome.sqlstate !== undefined) return false
  if (rows.length === 0) return true
  const expected = rows.length === 1 && rows[0] === "(no rows)" ? [] : rows
  return expected.join("\n") === outcome.rows.join("\n")
}

function expectation(check: Check): string[] {
  if (check.answers.length === 0) return ["no error"]
  return check.answers.map(({ rows, sqlstates, notices }) =>
    [...rows, ...sqlstates.map((code) => `SQLSTATE ${code}`), ...notices].join("\n"),
  )
}

function show({ rows, notices, sqlstate, message }: Outcome): string {
  const lines =
    sqlstate === undefined
      ? [...notices, ...(rows.length === 0 ? ["(no rows)"] : rows)]
      : [...notices, `SQLSTATE ${sqlstate} (${message})`]
  return lines.join("\n")
}

/** The report as text for people. */
export function formatReport(report: Report): string {
  const lines = [`handler ${report.handler}, V8 ${report.v8}, PostgreSQL ${report.server}`, ""]
  lines.push(`${"topic".padEnd(24)} ${"passed".padStart(7)} ${"failed".padStart(7)} ${"known".padStart(7)}`)
  for (const { topic, passed, failures, deviations } of report.topics) {
    const cells = [passed, failures.length, deviations.length].map((count) => String(count).padStart(7))
    lines.push(`${topic.padEnd(24)} ${cells.join(" ")}`)
  }
  for (const { topic, line, name, expected, got } of report.topics.flatMap((one) => one.failures)) {
    lines.push(
      "",
      `${topic}.sql:${line} ${name}`,
      `  expected: ${expected.join("\n        or: ")}`,
      `  got:      ${got}`,
    )
  }
  const deviations = report.topics.flatMap((topic) => topic.deviations)
  if (deviations.length > 0) lines.push("", "known differences from the documentation:", ...deviations)
  const sum = (count: (topic: TopicReport) => number) => report.topics.reduce((total, topic) => total + count(topic), 0)
  lines.push("", `${sum((topic) => topic.passed)} passed, ${sum((topic) => topic.failures.length)} failed`)
  return lines.join("\n")
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { pglite: { type: "string" } }, allowPositionals: true })
  const report = await runConformance(process.env.DATABASE_URL, positionals, values.pglite)
  console.log(formatReport(report))
  process.exitCode = report.topics.some((topic) => topic.failures.length > 0) ? 1 : 0
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) void main()
