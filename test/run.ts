/**
 * Runs every suite of the project and ends with the totals of all of them.
 *
 *   tsx test/run.ts                       static checks and all suites
 *   tsx test/run.ts --only static         only formatter, type checks and linters
 *   tsx test/run.ts --only sql            only one suite
 *
 * The SQL tests and the fuzz tests run twice from the same files: on the embedded database, and on a server
 * ("sql-on-server", "fuzz-on-server"): the one of DATABASE_URL, else a private cluster where `make native` has been
 * run. There a part of the SQL tests runs as on a managed service, too ("sql-managed"; test/support/managed.ts).
 * With PENSTOCK_NO_SKIP=1 (continuous integration) a skipped test is a failure.
 */
import { parseArgs } from "node:util"
import { MANAGED_FILES } from "./support/managed.ts"
import { countTests, JEST_SUITES, type Outcome, runJest, type Totals } from "./support/run-jest.ts"
import { runStaticChecks } from "./support/run-static.ts"
import { openTestServer } from "./support/test-server.ts"

/** The suites whose files run a second time, on a server. */
const TWICE: readonly string[] = ["sql", "fuzz"]
const onServer = (suite: string) => `${suite}-on-server`
/** A part of the SQL tests, once more on the server, by a role that is no superuser. */
const MANAGED = "sql-managed"
const known = ["static", ...JEST_SUITES, ...TWICE.map(onServer), MANAGED]

const skippedWhole = (suite: string): Outcome => ({
  passed: 0,
  failed: 0,
  skipped: countTests(suite),
  passedTests: new Set(),
  skippedTests: new Set(),
})

/** Outcomes by the name of the suite in the totals: "sql-on-server" of the files in test/sql. */
async function runOnServer(names: readonly string[]): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  const twice = TWICE.filter((suite) => names.includes(onServer(suite)))
  const server = await openTestServer()
  if ("missing" in server) {
    console.log(`skipped ${names.join(", ")}: ${server.missing}`)
    for (const suite of twice) outcomes.set(onServer(suite), skippedWhole(suite))
    return outcomes
  }
  try {
    console.log(`${names.join(", ")}: ${server.description}`)
    if (twice.length > 0) {
      for (const [suite, outcome] of runJest(twice, { DATABASE_URL: server.url }))
        outcomes.set(onServer(suite), outcome)
    }
    if (names.includes(MANAGED)) {
      const managed = { DATABASE_URL: server.url, PENSTOCK_TEST_MANAGED: "1" }
      outcomes.set(MANAGED, runJest(["sql"], managed, MANAGED_FILES).get("sql") ?? skippedWhole("sql"))
    }
    return outcomes
  } finally {
    await server.close()
  }
}

const { values } = parseArgs({ options: { only: { type: "string" } } })
if (values.only !== undefined && !known.includes(values.only)) {
  console.error(`--only: expected one of ${known.join(", ")}, got ${values.only}`)
  process.exit(2)
}
const selected = values.only === undefined ? known : [values.only]

/** A test that needs a server is skipped on the embedded database; when it then ran on one, nothing was left out. */
function forgetWhatRanElsewhere(here: Outcome | undefined, elsewhere: Outcome | undefined): void {
  if (here === undefined || elsewhere === undefined) return
  for (const test of here.skippedTests) {
    if (!elsewhere.passedTests.has(test)) continue
    here.skippedTests.delete(test)
    here.skipped--
  }
}

const outcomes = new Map<string, Outcome>()
const jestSuites = JEST_SUITES.filter((suite) => selected.includes(suite))
const all = new Map<string, Totals>()
if (selected.includes("static")) all.set("static", runStaticChecks())
if (jestSuites.length > 0) for (const [suite, outcome] of runJest(jestSuites, {})) outcomes.set(suite, outcome)
const serverSuites = [...TWICE.map(onServer), MANAGED].filter((suite) => selected.includes(suite))
if (serverSuites.length > 0)
  for (const [suite, outcome] of await runOnServer(serverSuites)) outcomes.set(suite, outcome)
for (const suite of TWICE) {
  forgetWhatRanElsewhere(outcomes.get(suite), outcomes.get(onServer(suite)))
  forgetWhatRanElsewhere(outcomes.get(onServer(suite)), outcomes.get(suite))
}
// Its tests need a server and have one: what it skips, the suites above have run.
forgetWhatRanElsewhere(outcomes.get(MANAGED), outcomes.get("sql"))
for (const [suite, outcome] of outcomes) {
  all.set(suite, outcome)
  for (const test of outcome.skippedTests) console.log(`skipped ${test}`)
}

const sum: Totals = { passed: 0, failed: 0, skipped: 0 }
const line = ({ passed, failed, skipped }: Totals) => `${passed} passed, ${failed} failed, ${skipped} skipped`
for (const [suite, totals] of all) {
  console.log(`${suite}: ${line(totals)}`)
  for (const key of ["passed", "failed", "skipped"] as const) sum[key] += totals[key]
}
if (sum.skipped > 0)
  console.log("What was skipped needs something that this machine lacks; on Debian `make native` installs it.")
const skippedIsFailure = process.env["PENSTOCK_NO_SKIP"] === "1" && sum.skipped > 0
if (skippedIsFailure) console.log("PENSTOCK_NO_SKIP=1: nothing may be skipped here.")
console.log(line(sum))
process.exit(sum.failed > 0 || skippedIsFailure ? 1 : 0)
