import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { CommandError } from "../lib/errors.ts"
import { readUrl } from "../lib/words.ts"
import { checkPrerequisites, migrate as applyMigrations, type Prerequisite } from "../migrations/index.ts"

/** Says what is missing before anything changes. */
function requireAll(prerequisites: readonly Prerequisite[]): void {
  const missing = prerequisites.filter(({ ok }) => !ok)
  if (missing.length === 0) return
  const lines = missing.map(({ name, needed, found }) => `${name}: needed ${needed}; found ${found}`)
  const statements = missing.flatMap(({ statement }) => (statement === undefined ? [] : [statement]))
  throw new CommandError(`this server is not ready\n  ${lines.join("\n  ")}`, {
    code: "55000",
    hint: statements.length === 0 ? "`penstock doctor` explains each" : `have a superuser run: ${statements.join(" ")}`,
  })
}

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
    requireAll(await withClient(url, checkPrerequisites))
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
