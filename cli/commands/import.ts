import type pg from "pg"
import { errorOf, retry } from "../../client/index.ts"
import type { Command, Context } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { CommandError, UsageError } from "../lib/errors.ts"
import { startProgress } from "../lib/progress.ts"
import { readUrl } from "../lib/words.ts"
import { Loader, type LoadOptions, type Progress, type Target } from "../transfer/load.ts"
import { problemOf } from "../transfer/records.ts"
import { Rejects } from "../transfer/rejects.ts"
import { FORMATS, formatOf, type OpenedSource, openSource } from "../transfer/source.ts"

interface OpenImport {
  id: string
  position: string
  row_count: string
  rejected: string
  checksum: string
}

interface Result {
  read: number
  imported: number
  rejected: number
  rows_in_collection: number | null
  checksum: "matches" | "differs" | "not compared"
  seconds: number
}

const nothing: Progress = { position: 0, rowCount: 0, rejected: 0, checksum: 0n }

function readBatchSize(value: string | boolean | undefined): number {
  if (value === undefined) return 5000
  const size = Number(value)
  if (!Number.isSafeInteger(size) || size < 1 || size > 1_000_000) {
    throw new UsageError(`--batch: expected a number of rows from 1 to 1000000, got ${String(value)}`)
  }
  return size
}

async function readTarget(client: pg.Client, collection: string): Promise<Target> {
  const { rows } = await client.query<Omit<Target, "hasMetadata"> & { metadata_column: string | null }>(
    `select c.name as collection, c.dimensions, c.metric, c.vector_type as storage, c.metadata_column,
       s.statement, s.is_binary as "isBinary"
     from penstock.copy_statement($1) as s, penstock.collections as c where c.name = $1`,
    [collection],
  )
  const { metadata_column, ...target } = rows[0] as (typeof rows)[number]
  return { ...target, hasMetadata: metadata_column !== null }
}

/** Reads every record and judges it as an import would, without a write. */
async function check(
  source: OpenedSource,
  target: Target,
  rejects: Rejects,
  progress: (done: number) => void,
  signal: AbortSignal,
): Promise<Progress> {
  const counts = { ...nothing }
  const seen = new Set<string>()
  for await (const record of source.records()) {
    signal.throwIfAborted()
    counts.position = record.position
    let problem = "problem" in record ? record.problem : problemOf(record.id, record.vector, target)
    if (!("problem" in record) && problem === undefined) {
      if (seen.has(record.id)) problem = "expected each id once, got it again"
      seen.add(record.id)
    }
    if (problem === undefined) counts.rowCount++
    else {
      counts.rejected++
      rejects.write([{ position: record.position, problem, record: "problem" in record ? record.raw : record.id }])
    }
    progress(record.position)
  }
  return counts
}

async function loadInBatches(
  client: pg.Client,
  source: OpenedSource,
  target: Target,
  restart: boolean,
  options: Omit<LoadOptions, "importId" | "inTransaction" | "onRejects">,
  openRejects: (done: number) => Rejects,
  note: (line: string) => void,
): Promise<{
  progress: Progress
  end(): Promise<{ row_count: string; rows_missing: string; checksum_matches: boolean }>
}> {
  const { rows } = await client.query<OpenImport>("select * from penstock.begin_import($1, $2, $3)", [
    target.collection,
    source.fingerprint,
    restart,
  ])
  const begun = rows[0] as OpenImport
  const start = {
    position: Number(begun.position),
    rowCount: Number(begun.row_count),
    rejected: Number(begun.rejected),
    checksum: BigInt(begun.checksum),
  }
  if (start.position > 0) note(`goes on after record ${start.position}: an earlier import of this file was interrupted`)
  const rejects = openRejects(start.position)
  const loader = new Loader(client, target, start, {
    ...options,
    importId: begun.id,
    inTransaction: false,
    onRejects: (list) => rejects.write(list),
  })
  const progress = await loader.load(source.records())
  return {
    progress,
    async end() {
      const ended = await client.query<{ row_count: string; rows_missing: string; checksum_matches: boolean }>(
        "select * from penstock.end_import($1)",
        [begun.id],
      )
      return ended.rows[0] as (typeof ended.rows)[number]
    },
  }
}

async function loadAtOnce(
  client: pg.Client,
  source: OpenedSource,
  target: Target,
  options: Omit<LoadOptions, "importId" | "inTransaction" | "onRejects">,
  openRejects: (done: number) => Rejects,
): Promise<Progress> {
  const { signal, onWait } = options
  return retry(
    async () => {
      const rejects = openRejects(0)
      await client.query("begin")
      try {
        const loader = new Loader(client, target, nothing, {
          ...options,
          importId: undefined,
          inTransaction: true,
          onRejects: (list) => rejects.write(list),
        })
        const progress = await loader.load(source.records())
        if (progress.rejected > 0) {
          throw errorOf(
            "22023",
            `${progress.rejected} of ${progress.position} records cannot be imported; nothing was written`,
            {
              hint: `They are listed in ${rejects.path}. Without --atomic the others are imported.`,
            },
          )
        }
        await client.query("commit")
        return progress
      } catch (error) {
        await client.query("rollback").catch(() => {})
        throw error
      }
    },
    { attempts: Number.MAX_SAFE_INTEGER, signal, onRetry: onWait },
  )
}

async function run({ options, positionals, json, print, note, signal }: Context): Promise<number> {
  const [collection, path, ...rest] = positionals
  if (collection === undefined || path === undefined) throw new UsageError("expected a collection and a file")
  const format = formatOf(path, options["format"] as string | undefined)
  const batchSize = readBatchSize(options["batch"])
  const url = readUrl(rest, process.env)
  const source = await openSource(path, format, options["rows"] as string | undefined)
  const rejectPath = (options["rejects"] as string | undefined) ?? `${path}.rejects.jsonl`
  const started = performance.now()
  return withClient(url, async (client) => {
    const target = await readTarget(client, collection)
    const bar = startProgress(options["dry-run"] === true ? "check" : "import", source.total)
    const openRejects = (done: number) => new Rejects(rejectPath, done)
    const loading = {
      batchSize,
      signal,
      onProgress: ({ position }: Progress) => bar.update(position),
      onWait: (error: Error, seconds: number) => note(`waits ${seconds.toFixed(1)} s: ${error.message}`),
    }
    let progress: Progress
    let result: Pick<Result, "rows_in_collection" | "checksum"> = { rows_in_collection: null, checksum: "not compared" }
    if (options["dry-run"] === true)
      progress = await check(source, target, openRejects(0), (done) => bar.update(done), signal)
    else if (options["atomic"] === true) progress = await loadAtOnce(client, source, target, loading, openRejects)
    else {
      const loaded = await loadInBatches(
        client,
        source,
        target,
        options["restart"] === true,
        loading,
        openRejects,
        note,
      )
      progress = loaded.progress
      const ended = await loaded.end()
      const alike = ended.checksum_matches && ended.rows_missing === "0"
      result = {
        rows_in_collection: Number(ended.row_count),
        checksum: !target.isBinary ? "not compared" : alike ? "matches" : "differs",
      }
    }
    bar.update(source.total)
    bar.finish()
    const summary: Result = {
      read: progress.rowCount + progress.rejected,
      imported: options["dry-run"] === true ? 0 : progress.rowCount,
      rejected: progress.rejected,
      ...result,
      seconds: Number(((performance.now() - started) / 1000).toFixed(2)),
    }
    report(summary, { json, print, collection, rejectPath, dryRun: options["dry-run"] === true })
    if (summary.checksum === "differs") {
      throw new CommandError("the collection differs from what it was plus what was imported", {
        code: "40001",
        hint: "Somebody else wrote meanwhile, or a trigger changed rows: compare with penstock.checksum when it is quiet.",
      })
    }
    return summary.rejected > 0 ? 1 : 0
  })
}

function report(
  summary: Result,
  {
    json,
    print,
    collection,
    rejectPath,
    dryRun,
  }: { json: boolean; print: (line: string) => void; collection: string; rejectPath: string; dryRun: boolean },
): void {
  if (json) {
    print(JSON.stringify(summary))
    return
  }
  const good = summary.read - summary.rejected
  print(
    dryRun
      ? `${good} of ${summary.read} records can be imported; nothing was written`
      : `imported ${summary.imported} of ${summary.read} records into ${collection}`,
  )
  if (summary.rows_in_collection !== null)
    print(`rows in the collection: ${summary.rows_in_collection}; checksum: ${summary.checksum}`)
  if (summary.rejected > 0) print(`rejected ${summary.rejected}, listed with position and reason in ${rejectPath}`)
}

export const importCommand: Command = {
  name: "import",
  summary: "Load a file of vectors into a collection.",
  usage: "COLLECTION FILE [URL]",
  help: `
FILE is JSON Lines ({"id": "a", "vector": [1, 2], "metadata": {...}}), CSV (columns id, vector, perhaps
metadata; others become keys of the metadata), or a NumPy array: .npy (ids and metadata from --rows, else
the ids are row numbers from 0) or .npz (arrays vectors, ids, metadata). Numbers in metadata are float8.

Rows go in by COPY, in batches of one transaction each. A batch notes how far it came: after a crash the
same command goes on where it stopped, and writes nothing twice. Records that cannot be stored are
listed in a file with their position (line or row) and the reason, and the others are imported; an id
that exists is one of them. When a gate defers or throttles, the command waits as long as the gate asks
and says so. At the end it compares count and checksum. Build the vector index after a large load.

  penstock import films films.jsonl --dry-run
  penstock import films films.npy --rows films.rows.jsonl

The exit code is 1 when records were rejected.`,
  options: {
    format: { type: "string", value: "NAME", help: `${FORMATS.join(", ")}; by default what the file's name ends with` },
    rows: {
      type: "string",
      value: "FILE",
      help: '{"id": ..., "metadata": ...} for each row of an .npy array, one a line',
    },
    "dry-run": { type: "boolean", help: "read and check everything, write nothing" },
    atomic: { type: "boolean", help: "all records or none, in one transaction; cannot be resumed" },
    batch: { type: "string", value: "ROWS", help: "rows a transaction (default 5000)" },
    restart: { type: "boolean", help: "begin at the first record, although an import of this file was interrupted" },
    rejects: { type: "string", value: "FILE", help: "where rejected records go (default FILE.rejects.jsonl)" },
  },
  maxPositionals: 3,
  run,
}
