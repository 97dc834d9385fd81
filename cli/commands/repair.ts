import { repair as repairInstallation } from "../installation/repair.ts"
import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { readUrl } from "../lib/words.ts"

export const repair: Command = {
  name: "repair",
  summary: "Make missing or changed functions, views and triggers again.",
  usage: "[URL]",
  help: `
For a database whose functions were dropped or edited, for instance by a provider's upgrade of plv8:
every function, view, trigger and policy of Penstock is made again as this version has it, with owner,
comments and privileges, the language plv8 included, and gates go back on their tables. One
transaction; tables and rows are left alone. Safe to repeat. Gates work while JavaScript is missing.`,
  options: {
    "dry-run": { type: "boolean", help: "only say what is missing or changed; the exit code is then 1 if anything is" },
  },
  maxPositionals: 1,
  run: ({ options, positionals, json, print, note }) =>
    withClient(readUrl(positionals, process.env), async (client) => {
      const dryRun = options["dry-run"] === true
      const { missing, changed, notInstalled } = await repairInstallation(client, { dryRun, note })
      if (json) print(JSON.stringify({ dry_run: dryRun, missing, changed, not_installed: notInstalled }))
      else {
        for (const name of missing) print(`missing: ${name}`)
        for (const name of changed) print(`changed: ${name}`)
        if (missing.length + changed.length === 0) print("nothing was missing or changed")
        else if (!dryRun) print(`made again: ${missing.length + changed.length}`)
      }
      for (const failure of notInstalled) note(`not installed, the next sample tries again: ${failure}`)
      return (dryRun && missing.length + changed.length > 0) || notInstalled.length > 0 ? 1 : 0
    }),
}
