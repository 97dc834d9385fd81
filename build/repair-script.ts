import { join } from "node:path"
import { piece } from "./install-order.ts"
import { root } from "./root.ts"
import type { Statement } from "./statements.ts"

/** One statement of the installation, as `penstock repair` runs it. */
export interface RepairStatement {
  readonly sql: string
  /** What it creates, such as "view integrity.events"; absent for what is said about an object. */
  readonly creates?: string
  /**
   * "always" for what may be run again, "if missing" for what has no OR REPLACE, "never" for what
   * holds data: only a backup brings that back.
   */
  readonly run: "always" | "if missing" | "never"
}

/** build/out/repair.json: what the installation consists of. */
export interface RepairScript {
  /** Run first and last, as around every migration. */
  readonly before: readonly string[]
  readonly statements: readonly RepairStatement[]
  readonly after: readonly string[]
}

/** Everything that can be run again, in the order of installation. */
export const repairScript = async (statements: readonly Statement[]): Promise<RepairScript> => {
  const folder = join(root, "sql")
  const text = async (name: string): Promise<string> => (await piece(folder, name)).sql
  return {
    before: [await text("preamble.sql"), await text("roles.sql")],
    statements: statements.flatMap(repairStatement),
    after: [await text("postamble.sql")],
  }
}

const repairStatement = ({ text: sql, targets, creates, change }: Statement): RepairStatement[] => {
  const [target = ""] = targets
  if (!creates) return change === "rerun" ? [{ sql, run: "always" }] : []
  // An index that names itself cannot be missed by its name; no function of ours is in one.
  if (target.startsWith("index ") && target.endsWith(".undefined")) return []
  const run = change === "rerun" ? "always" : change === "recreate" ? "if missing" : "never"
  return [{ sql: run === "never" ? "" : sql, creates: target, run }]
}
