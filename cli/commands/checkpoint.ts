import type { Client } from "pg"
import { writeDurably } from "../../client/files.ts"
import { readCheckpoint } from "../../plv8-src/signing/note.ts"
import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { CommandError } from "../lib/errors.ts"
import { readUrl } from "../lib/words.ts"

async function newest(client: Client): Promise<string> {
  const { rows: head } = await client.query<{ holder: string | null }>(
    "select checkpoint_key_holder as holder from integrity.tree_head()",
  )
  const sql =
    head[0]?.holder === "external"
      ? "select note from integrity.checkpoints where holder = 'external' order by size desc, created_at desc limit 1"
      : "select integrity.checkpoint() as note"
  const { rows } = await client.query<{ note: string }>(sql)
  if (rows[0] !== undefined) return rows[0].note
  throw new CommandError("no checkpoint is stored yet", {
    code: "55000",
    hint: "the worker makes the first when it starts",
  })
}

export const checkpoint: Command = {
  name: "checkpoint",
  summary: "Print a checkpoint of the signed history, to be kept elsewhere.",
  usage: "[URL]",
  help: `
The newest that the database can give: signed by itself while it holds the key, else the last one
that the worker has stored. Keep it where the administrator of the database cannot change it, and
hand it to penstock verify --checkpoint. A worker keeps its own by itself.`,
  options: {
    output: { type: "string", short: "o", value: "FILE", help: "new file to write; standard output by default" },
  },
  maxPositionals: 1,
  run: ({ options, positionals, json, print }) =>
    withClient(readUrl(positionals, process.env), async (client) => {
      const note = await newest(client)
      const { origin, size } = readCheckpoint(note)
      const path = options["output"]
      if (typeof path === "string") await writeDurably(path, note, { mustBeNew: true })
      if (json) print(JSON.stringify({ origin, size, note }))
      else print(typeof path === "string" ? `${origin}: ${size} events` : note.trimEnd())
      return 0
    }),
}
