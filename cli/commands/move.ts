import { existsSync } from "node:fs"
import { join } from "node:path"
import { DEFAULT_DIRECTORY, openEmbedded } from "../embedded/database.ts"
import { type Moved, move as moveEmbedded } from "../installation/move.ts"
import type { Command, Context } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { CommandError } from "../lib/errors.ts"
import { type Progress, startProgress } from "../lib/progress.ts"
import { readUrl } from "../lib/words.ts"

/** A bar for tables and for what follows them; "copying" and "verifying" name many. */
function reporter() {
  let bar: Progress | undefined
  let shown = ""
  return {
    step({ doing, done, total }: { doing: string; done: number; total: number }) {
      const label = doing.startsWith("verifying ") ? "verifying" : doing.startsWith("indexes") ? "indexes" : "tables"
      if (label !== shown) {
        bar?.finish()
        bar = startProgress(label, total)
        shown = label
      }
      bar?.update(done)
    },
    finish: () => bar?.finish(),
  }
}

const summary = ({ tables, rows, history }: Moved, { print }: Context): void => {
  for (const table of tables) if (table.rows > 0) print(`${table.name}: ${table.rows} rows`)
  print(`moved ${rows} rows of ${tables.length} tables; both sides hold the same`)
  for (const { words } of history) print(`history: ${words}`)
}

export const move: Command = {
  name: "move",
  summary: "Copy the embedded database to a server.",
  usage: "[URL]",
  help: `
Copies everything in an embedded database (PostgreSQL 18), your own tables included, into an empty
database of a server, 15 to 18, that has pgvector and the language plv8 or plv8_host: definitions,
rows, sequences, then indexes and privileges, in one transaction. Rows are compared on both sides, and
the signed history is verified, before it commits; after an error or Ctrl-C the server is as it was,
and the command can be run again. The embedded database is only read, and must not be in use.
The role that connects becomes the owner.

  penstock move postgres://me@server/new --dir ./data`,
  options: {
    dir: { type: "string", value: "DIR", help: `where the embedded database is (default ${DEFAULT_DIRECTORY})` },
  },
  maxPositionals: 1,
  async run(context) {
    const { options, positionals, json, print, signal } = context
    const url = readUrl(positionals, process.env)
    const directory = typeof options["dir"] === "string" ? options["dir"] : DEFAULT_DIRECTORY
    if (!existsSync(join(directory, "pgdata"))) {
      throw new CommandError(`there is no embedded database in ${directory}`, {
        code: "42704",
        hint: "name its directory with --dir; penstock up --dir makes one",
      })
    }
    const embedded = await openEmbedded(directory)
    const progress = reporter()
    try {
      const moved = await withClient(url, (client) =>
        moveEmbedded(embedded.database, client, { onProgress: (step) => progress.step(step), signal }),
      )
      progress.finish()
      if (json) print(JSON.stringify(moved))
      else summary(moved, context)
      return 0
    } finally {
      await embedded.close()
    }
  },
}
