import { INDEX_OPTIONS } from "../index/options.ts"
import { runIndex } from "../index/run.ts"
import type { Command } from "../lib/command.ts"

export const indexRebuild: Command = {
  name: "index rebuild",
  summary: "Build the vector index of a collection anew, also with other options.",
  usage: "COLLECTION [URL]",
  help: `
Without other options each index is rebuilt in its place (REINDEX CONCURRENTLY). With another kind,
m, ef-construction or lists a new index is built beside the old one, which is dropped when the new
one is complete. Searches use the old one meanwhile. The gate of operation index_rebuild is asked;
where it defers, the command waits and says so. A cancelled rebuild leaves the old index as it was.`,
  options: INDEX_OPTIONS,
  maxPositionals: 2,
  run: (context) => runIndex("rebuild", context),
}
