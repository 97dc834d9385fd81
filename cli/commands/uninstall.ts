import { uninstall as runUninstall, uninstallPlan, type UninstallStep } from "../installation/uninstall.ts"
import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { readUrl } from "../lib/words.ts"

const WORDS: Readonly<Record<UninstallStep["action"], string>> = {
  run: "",
  try: "unless something else uses it: ",
  keep: "keep: ",
  lose: "lost: ",
  blocked: "in the way: ",
}

const line = ({ action, object, statement }: UninstallStep): string =>
  `${WORDS[action]}${statement === null ? object : `${statement};`}`

export const uninstall: Command = {
  name: "uninstall",
  summary: "Take Penstock out of a database; a dry run unless --yes.",
  usage: "[URL]",
  help: `
Without --yes prints what would happen and changes nothing; the exit code is 1 when something is in
the way. With --yes, in one transaction: the triggers of gates leave the tables, the schemas of
Penstock go with everything in them, and so do the extensions that its installation created, unless
something else uses them. Adopted tables stay as they were, with their own triggers and policies;
tables that create_collection made stay, too, unless --drop-data. The signed history is lost: keep a
copy first (penstock dump, or select integrity.export_history()). Roles belong to the whole server
and stay: drop role penstock_admin, penstock_operator, penstock_worker, penstock_user, penstock_log_owner.`,
  options: {
    yes: { type: "boolean", help: "do it" },
    "drop-data": { type: "boolean", help: "drop the tables of collections that create_collection made, and memories" },
  },
  maxPositionals: 1,
  run: ({ options, positionals, json, print, note }) =>
    withClient(readUrl(positionals, process.env), async (client) => {
      const really = options["yes"] === true
      const choice = { dropData: options["drop-data"] === true, note }
      const steps = really ? await runUninstall(client, choice) : await uninstallPlan(client, choice)
      if (json) print(JSON.stringify({ dry_run: !really, steps }))
      else for (const step of steps) print(line(step))
      if (!really && !json) note("a dry run: nothing was changed; --yes does it")
      return steps.some(({ action }) => action === "blocked") ? 1 : 0
    }),
}
