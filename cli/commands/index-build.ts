import { INDEX_OPTIONS } from "../index/options.ts"
import { runIndex } from "../index/run.ts"
import type { Command } from "../lib/command.ts"

export const indexBuild: Command = {
  name: "index build",
  summary: "Build the vector index of a collection while it is in use.",
  usage: "COLLECTION [URL]",
  help: `
Builds what is missing, concurrently: reads and writes go on. On a partitioned table each partition
gets its index, then they are attached. INVALID leftovers of earlier builds are removed first. The
gate of operation index_build is asked; where it defers, the command waits and says so. Progress
goes to standard error. A cancelled build leaves nothing behind. Needs the rights of the owner of
the table and a direct connection (no pooler in transaction mode).`,
  options: INDEX_OPTIONS,
  maxPositionals: 2,
  run: (context) => runIndex("build", context),
}
