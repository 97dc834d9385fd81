/**
 * Runs the conformance suite on a private cluster whose plv8_host is the build given as argument, and fails when a
 * check fails or a checker of memory reports anything:
 *
 *   make -C host/native sanitize    a build with UndefinedBehaviorSanitizer
 *   make -C host/native memcheck    any build, with the whole server under valgrind (--valgrind)
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { chmod, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import pg from "pg"
import { runConformance } from "../conformance/run.ts"
import { removeCluster, serverBinaries, startCluster } from "./cluster.ts"

const { values, positionals } = parseArgs({ options: { valgrind: { type: "boolean" } }, allowPositionals: true })
const [library = ""] = positionals
const dir = mkdtempSync(join(tmpdir(), "penstock-sanitize-"))
const reports = mkdtempSync(join(tmpdir(), "penstock-sanitizer-reports-"))
await chmod(reports, 0o777)

/**
 * Invalid reads and writes and bad frees; not uninitialised values, for V8 hashes padding on purpose. V8 writes
 * machine code while it runs, which valgrind must be told. suppressions.supp: what is not ours.
 */
const underValgrind = async (): Promise<string> => {
  const script = join(reports, "postgres")
  const flags = [
    "--quiet --trace-children=yes --leak-check=no --undef-value-errors=no --smc-check=all-non-file",
    `--suppressions=${resolve(import.meta.dirname, "valgrind.supp")} --log-file=${reports}/report.%p`,
  ].join(" ")
  await writeFile(script, `#!/bin/sh\nexec valgrind ${flags} ${join(serverBinaries(), "postgres")} "$@"\n`)
  await chmod(script, 0o755)
  return script
}

let failed = false
try {
  process.env.UBSAN_OPTIONS = `print_stacktrace=1:log_path=${join(reports, "report")}`
  const program = values.valgrind === true ? { program: await underValgrind() } : {}
  const cluster = await startCluster({ dir, settings: { fsync: "off" }, ...program })
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
for (const name of readdirSync(reports).filter((file) => file.startsWith("report"))) {
  const text = readFileSync(join(reports, name), "utf8")
  if (text === "") continue
  failed = true
  console.log(`\n${name}\n${text.slice(0, 4000)}`)
}
rmSync(reports, { recursive: true })
console.log(failed ? "failed" : "nothing found")
process.exitCode = failed ? 1 : 0
