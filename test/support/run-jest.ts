/** Runs jest projects and counts what they did. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join, relative } from "node:path"

const root = join(import.meta.dirname, "..", "..")

export const JEST_SUITES: readonly string[] = ["unit", "host", "sql", "client", "cli", "chaos", "fuzz"]

export interface Totals {
  passed: number
  failed: number
  skipped: number
}

/** Totals of a suite, and the tests behind two of them by path and title. */
export interface Outcome extends Totals {
  passedTests: Set<string>
  skippedTests: Set<string>
}

/** What jest writes with --json; only the fields that are read here. */
interface JestReport {
  testResults: {
    name: string
    assertionResults: { status: string; title: string; ancestorTitles: string[] }[]
  }[]
}

/** How many tests the files of a suite declare, for a suite that cannot run: each `test(` or `test.each(` is one. */
export function countTests(suite: string): number {
  const folder = join(root, "test", suite)
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".test.ts"))
  const declared = (file: string) => readFileSync(join(folder, file), "utf8").match(/^\s*test[.(]/gm)?.length ?? 0
  return files.reduce((sum, file) => sum + declared(file), 0)
}

/**
 * Runs the given suites in one process tree and returns the totals of each. DATABASE_URL reaches
 * them only through `env`: without it the SQL tests use the embedded database. `paths` is a pattern
 * that selects files.
 */
export function runJest(
  suites: readonly string[],
  env: Readonly<Record<string, string>>,
  paths?: string,
): Map<string, Outcome> {
  const scratch = mkdtempSync(join(tmpdir(), "penstock-test-"))
  const outputFile = join(scratch, "report.json")
  const { DATABASE_URL: _, ...inherited } = process.env
  try {
    const workers = `--maxWorkers=${Math.max(1, availableParallelism())}`
    const args = ["test/jest.mjs", "--passWithNoTests", workers, "--json", `--outputFile=${outputFile}`]
    if (paths !== undefined) args.push(`--testPathPatterns=${paths}`)
    const { status } = spawnSync(process.execPath, [...args, "--selectProjects", ...suites], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...inherited, ...env },
    })
    const totals = tally(suites, JSON.parse(readFileSync(outputFile, "utf8")) as JestReport)
    const anyFailed = [...totals.values()].some(({ failed }) => failed > 0)
    if (status !== 0 && !anyFailed) throw new Error(`jest ended with status ${status} without a failed test`)
    return totals
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function tally(suites: readonly string[], report: JestReport): Map<string, Outcome> {
  const outcomes = new Map(
    suites.map((suite): [string, Outcome] => [
      suite,
      { passed: 0, failed: 0, skipped: 0, passedTests: new Set(), skippedTests: new Set() },
    ]),
  )
  for (const file of report.testResults) {
    const path = relative(root, file.name)
    const suite = outcomes.get(path.split(/[\\/]/)[1] ?? "")
    if (suite === undefined) throw new Error(`test file outside the suites: ${path}`)
    // A file that could not be loaded has no assertions, yet it must not pass unseen.
    if (file.assertionResults.length === 0) suite.failed++
    for (const { status, title, ancestorTitles } of file.assertionResults) {
      const test = `${path}: ${[...ancestorTitles, title].join(" > ")}`
      if (status === "passed") {
        suite.passed++
        suite.passedTests.add(test)
      } else if (status === "failed") {
        suite.failed++
      } else {
        suite.skipped++
        suite.skippedTests.add(test)
      }
    }
  }
  return outcomes
}
