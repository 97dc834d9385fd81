import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { CommandError } from "../lib/errors.ts"
import { readUrl } from "../lib/words.ts"
import { plan } from "../migrations/index.ts"

interface CollectionStatus {
  name: string
  dimensions: number
  metric: string
  state: string | null
  mode: string | null
  lambda_cut: number | null
  last_sample: Date | null
  stale: boolean | null
  reason: string | null
}

const COLLECTIONS = `
  select c.name, c.dimensions, c.metric, s.state, s.mode, s.lambda_cut, s.last_sample, s.stale, s.reason
  from penstock.collections as c
  left join integrity.states as s on s.collection = c.name
  order by c.name`

export const status: Command = {
  name: "status",
  summary: "Show what is installed and the state of each collection.",
  usage: "[URL]",
  help: `
The exit code is 0 when the database is up to date and every collection is normal, else 1.`,
  options: {},
  maxPositionals: 1,
  run: ({ positionals, json, print }) =>
    withClient(readUrl(positionals, process.env), async (client) => {
      const { applied, pending } = await plan(client)
      if (applied.length === 0) {
        throw new CommandError("Penstock is not installed in this database", {
          code: "42704",
          hint: "run penstock migrate",
        })
      }
      const { rows } = await client.query<CollectionStatus>(COLLECTIONS)
      if (json) {
        const applications = applied.map(({ filename, date }) => ({ filename, applied_at: date }))
        print(
          JSON.stringify({
            applied: applications,
            pending: pending.map(({ filename }) => filename),
            collections: rows,
          }),
        )
      } else {
        print(`migrations: ${applied.length} applied, ${pending.length} pending`)
        if (rows.length === 0) print("no collections yet: select penstock.create_collection('name', dimensions)")
        for (const { name, dimensions, metric, state, mode, lambda_cut, stale, reason } of rows) {
          const lambda = lambda_cut === null ? "" : `, lambda_cut ${lambda_cut.toFixed(3)}`
          const age = stale === true ? ", not sampled lately" : ""
          print(
            `${name}: ${state ?? "not watched"}${lambda}${age} (${mode ?? "off"}; ${dimensions} dimensions, ${metric})`,
          )
          if (state !== null && state !== "normal" && reason !== null) print(`  ${reason}`)
        }
      }
      return pending.length === 0 && rows.every(({ state }) => state === null || state === "normal") ? 0 : 1
    }),
}
