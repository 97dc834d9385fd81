// Starts jest with the flag that PGlite's dynamic imports need inside jest's sandbox.
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
const jest = createRequire(import.meta.url).resolve("jest/bin/jest")
const { status } = spawnSync(
  process.execPath,
  ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning", jest, ...process.argv.slice(2)],
  { stdio: "inherit" },
)
process.exit(status ?? 1)
