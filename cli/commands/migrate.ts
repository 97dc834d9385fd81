import type { Command } from "../lib/command.ts"
import { readUrl } from "../lib/words.ts"
import { migrate as applyMigrations } from "../migrations/index.ts"

export const migrate: Command = {
  name: "migrate",
  summary: "Install Penstock into a database, or bring it up to date.",
  usage: "[URL]",
  help: `
Applies the committed migrations that the database does not have yet, through graphile-migrate,
each in a transaction of its own. Nothing is changed when something that they need is missing.
The URL may come from DATABASE_URL. Running it again does nothing.`,
  options: {},
  maxPositionals: 1,
  async run({ positionals, json, print, note }) {
    const url = readUrl(positionals, process.env)
    const applied = await applyMigrations(url, {
      onProgress: ({ done, total, filename }) => {
        if (filename !== undefined) note(`migration ${done + 1} of ${total}: ${filename}`)
      },
    })
    if (json) print(JSON.stringify({ applied }))
    else print(applied.length === 0 ? "up to date" : `applied ${applied.join(", ")}`)
    return 0
  },
}
