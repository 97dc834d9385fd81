/** Formatter, type checks and linters, counted like tests. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import type { Totals } from "./run-jest.ts"

const root = join(import.meta.dirname, "..", "..")
const local = (...args: string[]) => ({ command: "npx", args: ["--no-install", ...args] })
const script = (...args: string[]) => ({ command: process.execPath, args: ["--import", "tsx", ...args] })

/** `needs` is a program that is no dependency of npm: without it the check is skipped. */
const CHECKS: { name: string; command: string; args: string[]; needs?: string }[] = [
  { name: "format", ...local("biome", "format", ".") },
  { name: "types", ...local("tsc", "-p", "tsconfig.json") },
  { name: "types in plv8", ...local("tsc", "-p", "plv8-src/tsconfig.json") },
  { name: "lint", ...local("oxlint", "--type-aware", "--deny-warnings") },
  { name: "lint sql", ...script("build/lint-sql.ts") },
  { name: "lint c++", command: "make", args: ["-s", "-C", "host/native", "lint"], needs: "cppcheck" },
  { name: "reference", ...script("build/reference.ts", "--check") },
]

export function runStaticChecks(): Totals {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  for (const { name, command, args, needs } of CHECKS) {
    if (needs !== undefined && spawnSync(needs, ["--version"]).error !== undefined) {
      totals.skipped++
      console.log(`skipped ${name}: no ${needs}`)
      continue
    }
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
