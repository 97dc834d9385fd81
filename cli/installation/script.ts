import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { RepairScript } from "../../build/repair-script.ts"
import { migrationsFolder } from "../migrations/index.ts"

/** What the installation of this version consists of, as the build wrote it. */
export const repairScript = (): RepairScript => {
  const path = join(migrationsFolder(), "..", "build", "out", "repair.json")
  if (!existsSync(path)) throw new Error(`${path} is missing: run make build`)
  return JSON.parse(readFileSync(path, "utf8")) as RepairScript
}
