import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { readUrl } from "../lib/words.ts"
import {
  asMigration,
  checkPrerequisites,
  committedMigrations,
  plan,
  refuseUnlessSafe,
  type SqlClient,
} from "../migrations/index.ts"

/** What migrate would run, and what would keep it from running. */
async function inspect(client: SqlClient) {
  const found = await plan(client)
  refuseUnlessSafe(found)
  const missing = (await checkPrerequisites(client)).filter(({ ok }) => !ok)
  return { pending: found.pending, missing }
}

export const plans: Command = {
  name: "plans",
  summary: "Print the SQL that migrate would run.",
  usage: "[URL]",
  help: `
Changes nothing. With a URL (or DATABASE_URL) only what that database lacks; with --as-migration
everything as one file for your own project's migrations/current/, without asking any database.
The exit code is 1 when migrate would refuse to run it; standard error then says why.`,
  options: {
    "as-migration": { type: "boolean", help: "one file for a project that uses graphile-migrate itself" },
  },
  maxPositionals: 1,
  async run({ options, positionals, json, print, note }) {
    const forOwnProject = options["as-migration"] === true
    const { pending, missing } = forOwnProject
      ? { pending: committedMigrations(), missing: [] }
      : await withClient(readUrl(positionals, process.env), inspect)
    if (json) {
      const files = pending.map(({ filename, hash, body }) => ({ filename, hash, sql: body }))
      print(JSON.stringify({ pending: files, missing }))
    } else if (forOwnProject) print(asMigration(pending))
    else if (pending.length === 0) print("-- up to date: nothing to run")
    else for (const { filename, hash, body } of pending) print(`-- ${filename} ${hash}\n${body}`)
    for (const { name, needed, found } of missing)
      note(`migrate would refuse: ${name}: needed ${needed}; found ${found}`)
    return missing.length === 0 ? 0 : 1
  },
}
