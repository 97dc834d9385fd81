/**
 * `make bench` runs every benchmark of this folder, `make bench BENCH=gate` only that subject.
 * Raw samples, machine and commit go to bench/results/, which git ignores.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { cpus, release, totalmem } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { type Benchmark, Report } from "./lib/report.ts"

const here = import.meta.dirname

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: here, encoding: "utf8" }).trim()
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain") === "" ? "" : " with changes"}`
  } catch {
    return "unknown"
  }
}

async function load(): Promise<Benchmark[]> {
  const files = readdirSync(here).filter((name) => name.endsWith(".ts") && name !== "main.ts")
  const modules = files
    .toSorted()
    .map((name) => import(pathToFileURL(join(here, name)).href) as Promise<{ default: Benchmark }>)
  return (await Promise.all(modules)).map((module) => module.default)
}

const benchmarks = await load()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((subject) => !benchmarks.some((benchmark) => benchmark.subject === subject))
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}; expected ${benchmarks.map(({ subject }) => subject).join(", ")}`)
  process.exit(2)
}

const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
  v8: process.versions.v8,
}
console.log(
  `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}, commit ${commit()}`,
)
mkdirSync(join(here, "results"), { recursive: true })
let missed = 0
for (const { subject, about, run } of benchmarks) {
  if (wanted.length > 0 && !wanted.includes(subject)) continue
  console.log(`\n== ${subject}: ${about}`)
  const report = new Report()
  await run(report)
  missed += report.recorded.goals.filter(({ reached }) => !reached).length
  const at = new Date().toISOString()
  const path = join(here, "results", `${subject}-${at.replaceAll(":", "")}.json`)
  writeFileSync(
    path,
    `${JSON.stringify({ subject, about, at, commit: commit(), machine, ...report.recorded }, null, 1)}\n`,
  )
}
console.log(`\n${missed === 0 ? "every figure to reach was reached" : `${missed} figures to reach were missed`}`)
