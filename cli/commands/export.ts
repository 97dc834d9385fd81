import { rename, rm } from "node:fs/promises"
import type pg from "pg"
import copyStreams from "pg-copy-streams"
import { translate } from "../../client/index.ts"
import type { Command, Context } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { CommandError, UsageError } from "../lib/errors.ts"
import { startProgress } from "../lib/progress.ts"
import { readUrl } from "../lib/words.ts"
import { addChecksums, rowChecksum } from "../transfer/checksum.ts"
import { binaryTuples } from "../transfer/copy-format.ts"
import { openSink, type Sink } from "../transfer/sinks.ts"
import { FORMATS, formatOf } from "../transfer/source.ts"

interface Sums {
  row_count: string
  checksum: string
}

/** Everything in one snapshot: the checksum that the server computes, then the rows by COPY. */
async function unload(
  client: pg.Client,
  collection: string,
  filter: string | null,
  open: (rows: number) => Promise<Sink>,
  signal: AbortSignal,
): Promise<{ rows: number; alike: boolean }> {
  await client.query("begin isolation level repeatable read read only")
  const sums = (await client.query<Sums>("select * from penstock.checksum($1, $2)", [collection, filter]))
    .rows[0] as Sums
  const { statement } = (
    await client.query<{ statement: string }>("select penstock.rows_statement($1, $2) as statement", [
      collection,
      filter,
    ])
  ).rows[0] as { statement: string }
  const total = Number(sums.row_count)
  const sink = await open(total)
  const bar = startProgress("export", total)
  let rows = 0
  let checksum = 0n
  try {
    const stream = client.query(copyStreams.to(`copy (${statement}) to stdout (format binary)`))
    for await (const [id, vector, metadata] of binaryTuples(stream)) {
      signal.throwIfAborted()
      if (id == null) throw new CommandError("expected an id in every row, got NULL", { code: "22004" })
      const json = metadata == null ? "{}" : metadata.toString("utf8", 1)
      checksum = addChecksums(
        checksum,
        rowChecksum(id.toString(), vector ?? Buffer.alloc(0), metadata == null ? "" : json),
      )
      await sink.write(id.toString(), vector ?? null, json)
      bar.update(++rows)
    }
    await sink.end()
  } catch (error) {
    await sink.discard()
    throw translate(error)
  } finally {
    bar.finish()
  }
  await client.query("commit")
  return { rows, alike: rows === total && checksum === BigInt(sums.checksum) }
}

async function run({ options, positionals, json, print, signal }: Context): Promise<number> {
  const [collection, path, ...rest] = positionals
  if (collection === undefined || path === undefined) throw new UsageError("expected a collection and a file")
  const format = formatOf(path, options["format"] as string | undefined)
  const filter = (options["filter"] as string | undefined) ?? null
  const url = readUrl(rest, process.env)
  return withClient(url, async (client) => {
    const { rows: found } = await client.query<{ dimensions: number; storage: "vector" | "halfvec" }>(
      "select dimensions, vector_type as storage from penstock.collections where name = $1",
      [collection],
    )
    const [shape] = found
    if (shape === undefined)
      throw new CommandError(`collection ${JSON.stringify(collection)} does not exist`, {
        code: "42704",
        hint: "penstock status lists them",
      })
    // Under another name until it is whole.
    const partial = `${path}.partial`
    const open = (rows: number) => openSink(format, partial, { ...shape, rows })
    const { rows, alike } = await unload(client, collection, filter, open, signal)
    if (!alike) {
      await rm(partial, { force: true })
      throw new CommandError("count or checksum of the rows read differs from what the server computed", {
        code: "XX001",
      })
    }
    await rename(partial, path)
    if (format === "npy") await rename(`${partial}.rows.jsonl`, `${path}.rows.jsonl`)
    if (json) print(JSON.stringify({ rows, file: path, checksum: "matches" }))
    else print(`exported ${rows} rows of ${collection} to ${path}; checksum: matches`)
    return 0
  })
}

export const exportCommand: Command = {
  name: "export",
  summary: "Write a collection to a file.",
  usage: "COLLECTION FILE [URL]",
  help: `
Formats as for import: JSON Lines, CSV (id, vector, metadata), .npy (with FILE.rows.jsonl beside it for ids and
metadata) and .npz (arrays vectors, ids, metadata; held in memory). Rows are read by COPY from one snapshot,
and compared with the checksum that the server computes over the same snapshot. The file has
its name only when it is whole.

  penstock export films films.jsonl --filter '{"year": {"$gte": 2000}}'`,
  options: {
    format: { type: "string", value: "NAME", help: `${FORMATS.join(", ")}; by default what the file's name ends with` },
    filter: { type: "string", value: "JSON", help: "only rows whose metadata match, as in penstock.search" },
  },
  maxPositionals: 3,
  run,
}
