import { capabilities } from "../installation/capabilities.ts"
import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { readUrl } from "../lib/words.ts"
import { checkPrerequisites, compareInstalled, type SqlClient } from "../migrations/index.ts"

/** One line of the report. */
interface Finding {
  name: string
  ok: boolean
  found: string
  statement?: string
  lost?: string
}

/** What this command's role may do, read from the catalogs. Not having one is no error: not everyone needs all. */
const PRIVILEGES = `
  select 'member of ' || wanted as name, pg_catalog.pg_has_role(current_user, wanted, 'usage') as ok
  from unnest(array['penstock_admin', 'penstock_operator', 'penstock_worker', 'penstock_user', 'pg_monitor']) as wanted
  where exists (select from pg_catalog.pg_roles where rolname = wanted)`

async function prerequisites(client: SqlClient): Promise<Finding[]> {
  const found = await checkPrerequisites(client)
  return found.map(({ name, ok, needed, found: seen, statement }) => ({
    name,
    ok,
    found: ok ? seen : `${seen}; needed: ${needed}`,
    ...(statement === undefined ? {} : { statement }),
  }))
}

const list = (names: readonly string[]) =>
  names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`

/** Compares migrations and functions with those of this package; nothing to compare before the installation. */
async function installation(client: SqlClient): Promise<Finding[]> {
  const { applied, pending, edited, functions } = await compareInstalled(client)
  const named = (wanted: string) => functions.filter(({ state }) => state === wanted).map(({ name }) => name)
  const findings: Finding[] = [
    {
      name: "migrations in this package",
      ok: edited.length === 0,
      found:
        edited.length === 0
          ? "as they were committed"
          : `edited afterwards: ${list(edited.map(({ filename }) => filename))}`,
    },
    {
      name: "migrations applied",
      ok: pending.length === 0,
      found: `${applied.length} applied, ${pending.length} pending`,
      ...(pending.length === 0 ? {} : { statement: "penstock migrate" }),
    },
  ]
  if (applied.length === 0) return findings
  for (const [state, meaning] of [
    ["missing", "not in the database"],
    ["changed", "another body than this package's"],
    ["extra", "not of this package"],
  ] as const) {
    const names = named(state)
    findings.push({
      name: `functions ${state}`,
      ok: names.length === 0,
      found: names.length === 0 ? `none of ${functions.length}` : `${meaning}: ${list(names)}`,
      ...(names.length === 0 || state === "extra" ? {} : { statement: "penstock repair" }),
    })
  }
  return findings
}

async function privileges(client: SqlClient): Promise<Finding[]> {
  const { rows } = (await client.query(PRIVILEGES)) as { rows: { name: string; ok: boolean }[] }
  return rows.map(({ name, ok }) => ({ name, ok, found: ok ? "yes" : "no" }))
}

export const doctor: Command = {
  name: "doctor",
  summary: "Check a database, before or after installation, without changing it.",
  usage: "[URL]",
  help: `
One line for each capability: yes or no, what was found, what is lost, and the statement that would
mend it; before installation as well as after. Reads catalogs and settings, changes nothing. The exit
code is 0 when everything that Penstock needs is there and unchanged, else 1. What it can do without,
and memberships of the connected role, come last and do not count.`,
  options: {},
  maxPositionals: 1,
  run: ({ positionals, json, print }) =>
    withClient(readUrl(positionals, process.env), async (client) => {
      const needed = [...(await prerequisites(client)), ...(await installation(client))]
      const optional = await capabilities(client)
      const information = await privileges(client)
      const ok = needed.every((finding) => finding.ok)
      if (json) {
        print(JSON.stringify({ ok, checks: needed, capabilities: optional, privileges: information }))
        return ok ? 0 : 1
      }
      for (const { name, ok: isOk, found, lost, statement } of [...needed, ...optional, ...information]) {
        print(`${isOk ? "yes" : "no "}  ${name}: ${found}${lost === undefined ? "" : `; ${lost}`}`)
        if (!isOk && statement !== undefined) print(`       run: ${statement}`)
      }
      return ok ? 0 : 1
    }),
}
