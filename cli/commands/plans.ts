import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { readUrl } from "../lib/words.ts"
import { asMigration, committedMigrations, plan, refuseUnlessSafe } from "../migrations/index.ts"

export const plans: Command = {
  name: "plans",
  summary: "Print the SQL that migrate would run.",
  usage: "[URL]",
  help: `
Changes nothing. With a URL (or DATABASE_URL) only what that database lacks; with --as-migration
everything as one file for your own project's migrations/current/, without asking any database.`,
  options: {
    "as-migration": { type: "boolean", help: "one file for a project that uses graphile-migrate itself" },
  },
  maxPositionals: 1,
  async run({ options, positionals, json, print }) {
    const forOwnProject = options["as-migration"] === true
    const pending = forOwnProject
      ? committedMigrations()
      : await withClient(readUrl(positionals, process.env), async (client) => {
          const found = await plan(client)
          refuseUnlessSafe(found)
          return found.pending
        })
    if (json)
      print(JSON.stringify({ pending: pending.map(({ filename, hash, body }) => ({ filename, hash, sql: body })) }))
    else if (pending.length === 0) print("-- up to date: nothing to run")
    else print(asMigration(pending))
    return 0
  },
}
