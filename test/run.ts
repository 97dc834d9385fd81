/**
 * Runs every suite of the project and ends with the totals of all of them.
 *
 *   tsx test/run.ts                       static checks and all suites
 *   tsx test/run.ts --only static         only formatter, type checks and linters
 *   tsx test/run.ts --only sql            only one suite
 *
 * The SQL tests run twice from the same files: on the embedded database, and on a server ("sql-on-server"):
 * the one of DATABASE_URL, else a private cluster where `make native` has been run.
 * With PENSTOCK_NO_SKIP=1 (continuous integration) a skipped test is a failure.
 */
import { parseArgs } from "node:util"
import { countTests, JEST_SUITES, runJest, type Totals } from "./support/run-jest.ts"
import { runStaticChecks } from "./support/run-static.ts"
import { openTestServer } from "./support/test-server.ts"

const SERVER_SUITE = "sql-on-server"
const known = ["static", ...JEST_SUITES, SERVER_SUITE]

async function runOnServer(): Promise<Totals> {
  const server = await openTestServer()
  if ("missing" in server) {
    console.log(`skipped ${SERVER_SUITE}: ${server.missing}`)
    return { passed: 0, failed: 0, skipped: countTests("sql") }
  }
  try {
    console.log(`${SERVER_SUITE}: ${server.description}`)
    return runJest(["sql"], { DATABASE_URL: server.url }).get("sql") as Totals
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

const all = new Map<string, Totals>()
if (selected.includes("static")) all.set("static", runStaticChecks())
const jestSuites = JEST_SUITES.filter((suite) => selected.includes(suite))
if (jestSuites.length > 0) for (const [suite, totals] of runJest(jestSuites, {})) all.set(suite, totals)
if (selected.includes(SERVER_SUITE)) all.set(SERVER_SUITE, await runOnServer())

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
