/**
 * Runs every suite of the project and ends with the totals of all of them.
 *
 *   tsx test/run.ts                 static checks and all jest suites
 *   tsx test/run.ts --only static   only formatter, type checks and linters
 *   tsx test/run.ts --only sql      only one jest suite
 *
 * With PENSTOCK_NO_SKIP=1 (continuous integration) a skipped test is a failure.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { parseArgs } from "node:util"

const root = join(import.meta.dirname, "..")
const JEST_SUITES = ["unit", "host", "sql", "client", "cli", "chaos", "fuzz"]

interface Totals {
  passed: number
  failed: number
  skipped: number
}

/** What jest writes with --json; only the fields that are read here. */
interface JestReport {
  testResults: {
    name: string
    status: string
    message: string
    assertionResults: { status: string; title: string; ancestorTitles: string[] }[]
  }[]
}

const STATIC_CHECKS: { name: string; command: string; args: string[] }[] = [
  { name: "format", command: "npx", args: ["--no-install", "biome", "format", "."] },
  { name: "types", command: "npx", args: ["--no-install", "tsc", "-p", "tsconfig.json"] },
  { name: "types in plv8", command: "npx", args: ["--no-install", "tsc", "-p", "plv8-src/tsconfig.json"] },
  { name: "lint", command: "npx", args: ["--no-install", "oxlint", "--type-aware", "--deny-warnings"] },
  { name: "lint sql", command: process.execPath, args: ["--import", "tsx", "build/lint-sql.ts"] },
]

function runStaticChecks(): Totals {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  for (const { name, command, args } of STATIC_CHECKS) {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" })
    if (status === 0) {
      totals.passed++
      console.log(`ok   ${name}`)
    } else {
      totals.failed++
      console.log(`FAIL ${name}: ${command} ${args.join(" ")}\n${stdout}${stderr}`)
    }
  }
  return totals
}

/** Runs the given jest suites in one process tree and returns the totals of each. */
function runJest(suites: string[]): Map<string, Totals> {
  const scratch = mkdtempSync(join(tmpdir(), "penstock-test-"))
  const outputFile = join(scratch, "report.json")
  const totals = new Map(suites.map((suite) => [suite, { passed: 0, failed: 0, skipped: 0 }]))
  try {
    const args = [
      "test/jest.mjs",
      "--passWithNoTests",
      "--json",
      `--outputFile=${outputFile}`,
      "--selectProjects",
      ...suites,
    ]
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] })
    const report = JSON.parse(readFileSync(outputFile, "utf8")) as JestReport
    const skippedTitles = new Map<string, number>()
    for (const file of report.testResults) {
      const path = relative(root, file.name)
      const suite = totals.get(path.split(/[\\/]/)[1] ?? "")
      if (suite === undefined) throw new Error(`test file outside the suites: ${path}`)
      // A file that could not be loaded has no assertions, yet it must not pass unseen.
      if (file.assertionResults.length === 0) suite.failed++
      for (const { status, title, ancestorTitles } of file.assertionResults) {
        if (status === "passed") suite.passed++
        else if (status === "failed") suite.failed++
        else {
          suite.skipped++
          const label = `${path}: ${[...ancestorTitles, title].join(" > ")}`
          skippedTitles.set(label, (skippedTitles.get(label) ?? 0) + 1)
        }
      }
    }
    for (const label of skippedTitles.keys()) console.log(`skipped ${label}`)
    const anyFailed = [...totals.values()].some(({ failed }) => failed > 0)
    if (status !== 0 && !anyFailed) throw new Error(`jest ended with status ${status} without a failed test`)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return totals
}

const { values } = parseArgs({ options: { only: { type: "string" } } })
const known = ["static", ...JEST_SUITES]
if (values.only !== undefined && !known.includes(values.only)) {
  console.error(`--only: expected one of ${known.join(", ")}, got ${values.only}`)
  process.exit(2)
}
const selected = values.only === undefined ? known : [values.only]
const all = new Map<string, Totals>()
if (selected.includes("static")) all.set("static", runStaticChecks())
const jestSuites = selected.filter((suite) => suite !== "static")
if (jestSuites.length > 0) for (const [suite, totals] of runJest(jestSuites)) all.set(suite, totals)

const sum: Totals = { passed: 0, failed: 0, skipped: 0 }
const line = ({ passed, failed, skipped }: Totals) => `${passed} passed, ${failed} failed, ${skipped} skipped`
for (const [suite, totals] of all) {
  console.log(`${suite}: ${line(totals)}`)
  for (const key of ["passed", "failed", "skipped"] as const) sum[key] += totals[key]
}
if (sum.skipped > 0)
  console.log("Skipped tests need something that this machine lacks; `make native` installs it on Debian.")
const skippedIsFailure = process.env["PENSTOCK_NO_SKIP"] === "1" && sum.skipped > 0
if (skippedIsFailure) console.log("PENSTOCK_NO_SKIP=1: nothing may be skipped here")
console.log(line(sum))
process.exit(sum.failed > 0 || skippedIsFailure ? 1 : 0)
