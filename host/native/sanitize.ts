/**
 * Runs the conformance suite on a private cluster whose plv8_host is the sanitized build given as argument:
 * `make -C host/native sanitize`. Fails when a check fails or a sanitizer reports anything.
 */
import { mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { chmod } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import pg from "pg"
import { runConformance } from "../conformance/run.ts"
import { removeCluster, startCluster } from "./cluster.ts"

const [library = ""] = process.argv.slice(2)
const dir = mkdtempSync(join(tmpdir(), "penstock-sanitize-"))
const reports = mkdtempSync(join(tmpdir(), "penstock-sanitizer-reports-"))
await chmod(reports, 0o777)

let failed = false
try {
  process.env.UBSAN_OPTIONS = `print_stacktrace=1:log_path=${join(reports, "report")}`
  const cluster = await startCluster({ dir, settings: { fsync: "off" } })
  const client = new pg.Client({ connectionString: cluster.url })
  await client.connect()
  await client.query("create extension plv8_host")
  await client.query("update pg_proc set probin = $1 where probin = '$libdir/plv8_host'", [resolve(library)])
  await client.end()
  const report = await runConformance(cluster.url)
  for (const { topic, passed, failures } of report.topics) {
    console.log(`${topic.padEnd(24)} ${passed} passed, ${failures.length} failed`)
    for (const { line, name, got } of failures) console.log(`  line ${line}, ${name}: ${got}`)
    failed ||= failures.length > 0
  }
} finally {
  await removeCluster(dir)
}
for (const name of readdirSync(reports)) {
  failed = true
  console.log(`\n${name}\n${readFileSync(join(reports, name), "utf8").slice(0, 4000)}`)
}
console.log(failed ? "sanitize: failed" : "sanitize: nothing found")
process.exitCode = failed ? 1 : 0
