import { createWriteStream, renameSync, rmSync } from "node:fs"
import { finished } from "node:stream/promises"
import { dump as writeDump } from "../installation/dump.ts"
import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { readUrl } from "../lib/words.ts"

export const dump: Command = {
  name: "dump",
  summary: "Write a backup that restores on any server, with plv8 or plv8_host.",
  usage: "[URL]",
  help: `
One SQL script, restored with psql -X -f FILE URL into an empty database, in one transaction. It is
pg_dump's (which must be on the PATH, of the server's version or newer), with the roles of Penstock
first and without the extension of the language: the new server uses its own, plv8 or plv8_host.
The restorer may be a superuser, or on a managed service a role with CREATEROLE that owns the new
database, and takes the place of whoever installed. Other owners must exist there, or use --no-owner.
A role that is no superuser is a member of penstock_log_owner while it dumps, to read the log.
The script holds the key with which the database signs: keep it like one.

  penstock dump postgres://... --file backup.sql
  createdb new && psql -X -f backup.sql new && penstock doctor postgres:///new`,
  options: {
    file: { type: "string", value: "FILE", help: "where to write it (default: standard output)" },
    "no-owner": { type: "boolean", help: "tables of other roles will belong to the restorer" },
  },
  maxPositionals: 1,
  async run({ options, positionals, json, print, signal }) {
    const url = readUrl(positionals, process.env)
    const file = typeof options["file"] === "string" ? options["file"] : undefined
    const choice = { noOwner: options["no-owner"] === true, signal }
    if (file === undefined) {
      await withClient(url, (client) => writeDump(client, url, process.stdout, choice))
      return 0
    }
    // Under its name only when it is whole.
    const partial = `${file}.partial`
    const out = createWriteStream(partial, { mode: 0o600 })
    try {
      await withClient(url, (client) => writeDump(client, url, out, choice))
      out.end()
      await finished(out)
      renameSync(partial, file)
    } catch (error) {
      out.destroy()
      rmSync(partial, { force: true })
      throw error
    }
    if (json) print(JSON.stringify({ file, bytes: out.bytesWritten }))
    else print(`${file}: ${out.bytesWritten} bytes`)
    return 0
  },
}
