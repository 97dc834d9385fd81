import type { Embedder } from "../../client/embedding/embedder.ts"
import type { Memory } from "../../client/memory/memory.ts"
import type { Executor } from "../../client/sql/executor.ts"
import { arrayText, vectorText } from "../../client/sql/values.ts"
import type { Command } from "../lib/command.ts"
import { CommandError, UsageError } from "../lib/errors.ts"
import { startProgress } from "../lib/progress.ts"
import { agreeOnModel } from "../memory/agree-on-model.ts"
import { storeWhatCan } from "../memory/batches.ts"
import { EMBEDDER_OPTIONS, NAMESPACE_OPTION, readEmbedder, readText, readWhole, withMemory } from "../memory/options.ts"
import { openSqlite } from "../memory/sqlite-file.ts"
import { SqliteSource } from "../memory/sqlite-source.ts"
import { type Entry, type Kind, kinds, storeEntries } from "../memory/transfer.ts"

const OTHER_MODEL = "copy --reembed with an embedder, or --without-embeddings and penstock memory reembed afterwards"

interface Copied {
  /** Rows of the file. */
  read: number
  /** What was not there before. */
  stored: number
  bad: number
}

/** What the database holds of a batch of memories: how many, and the bytes of their contents. */
async function held(executor: Executor, entries: readonly Entry[], signal: AbortSignal): Promise<[number, number]> {
  const ids = entries.map(({ value }) => value["id"] as string)
  const [row] = await executor.query<{ n: number; bytes: number }>(
    "select count(*)::int as n, coalesce(sum(octet_length(m.content)), 0)::bigint as bytes from memory.get(variadic $1) as m",
    [arrayText(ids)],
    { signal },
  )
  return [row?.n ?? 0, row?.bytes ?? 0]
}

/** Vectors by our own embedder in the place of the file's. */
async function embedded(entries: readonly Entry[], embedder: Embedder, signal: AbortSignal): Promise<Entry[]> {
  const vectors = await embedder.embed(
    entries.map(({ value }) => value["content"] as string),
    signal,
  )
  return entries.map((entry, i) => ({
    ...entry,
    value: { ...entry.value, embedding: vectorText(vectors[i] as Float32Array) },
  }))
}

/** The registered model has to be our embedder's; registers it where there is none. */
async function agreeOnEmbedder(memory: Memory, executor: Executor, embedder: Embedder, signal: AbortSignal) {
  const dimensions = embedder.dimensions ?? (await embedder.embed(["dimensions"], signal))[0]?.length ?? 0
  await agreeOnModel(memory, executor, { name: embedder.model, dimensions, hash: "" }, { hint: OTHER_MODEL, signal })
}

export const memoryCopy: Command = {
  name: "memory copy",
  summary: "Copy an agent's memory from an SQLite file, with its schedule, graph and embeddings.",
  usage: "--from sqlite --to postgres FILE [URL]",
  help: `
Tables and columns of the file are probed, so that files of any version can be read; the file itself
is never written. Ids, times, scheduling, edges, reviews and domains are kept; columns that have no
place here go into metadata. What is there already is left as it is, so a copy that was stopped is
run again and goes on. A row that cannot be copied is reported with its table and rowid, and skipped.

Afterwards the memories are read back, and their number and bytes are compared with the file's. The
exit code is 0 when every row was good and everything is there, else 1.

The embeddings must be of the registered model. Those of other models in the same file are left out
and counted: penstock memory reembed makes them anew. --reembed makes all of them by an embedder.

  penstock memory copy --from sqlite --to postgres ~/agent.db --dry-run`,
  options: {
    from: { type: "string", value: "KIND", help: "sqlite (default)" },
    to: { type: "string", value: "KIND", help: "postgres (default)" },
    ...NAMESPACE_OPTION,
    batch: { type: "string", value: "N", help: "rows a batch, 1 to 5000 (default 500)" },
    "dry-run": { type: "boolean", help: "read and check everything, and store nothing" },
    reembed: { type: "boolean", help: "make the embeddings by an embedder" },
    "without-embeddings": { type: "boolean", help: "leave the vectors of the file out" },
    ...EMBEDDER_OPTIONS,
  },
  maxPositionals: 2,
  async run(context) {
    const { options, signal, note, json, print } = context
    const [path] = context.positionals
    if (path === undefined) throw new UsageError("expected an SQLite file")
    for (const [name, only] of [
      ["from", "sqlite"],
      ["to", "postgres"],
    ] as const) {
      if ((readText(options, name) ?? only) !== only) throw new UsageError(`--${name}: expected ${only}`)
    }
    const batchSize = readWhole(options, "batch", 1, 5000) ?? 500
    const dryRun = options["dry-run"] === true
    const reembeds = options["reembed"] === true
    const withVectors = options["without-embeddings"] !== true
    if (reembeds && !withVectors) throw new UsageError("expected --reembed or --without-embeddings, not both")
    const embedder = reembeds ? readEmbedder(options, process.env) : undefined
    if (reembeds && embedder === undefined) {
      throw new UsageError("--reembed needs an embedder: --embeddings-url, --command, or --embedder hashing")
    }

    const file = await openSqlite(path)
    try {
      const source = new SqliteSource(file)
      const counts = source.counts()
      const report: Partial<Record<Kind, Copied>> = {}
      const verified = { memories: 0, bytes: 0, expected: 0, expectedBytes: 0 }
      let withoutEmbedding = 0

      const copyKind = async (kind: Kind, memory: Memory, executor: Executor): Promise<void> => {
        const copied: Copied = { read: 0, stored: 0, bad: 0 }
        report[kind] = copied
        const total = counts.find((table) => table.kind === kind)?.count ?? 0
        const progress = total === 0 ? undefined : startProgress(kind, total)
        const complain = (where: string, problem: string) => {
          copied.bad++
          note(`${where}: ${problem}`)
        }
        const flush = async (batch: readonly Entry[]): Promise<void> => {
          signal.throwIfAborted()
          const refused = new Set<Entry>()
          if (!dryRun && batch.length > 0) {
            const ready = kind === "memory" && embedder !== undefined ? await embedded(batch, embedder, signal) : batch
            copied.stored += await storeWhatCan(
              ready,
              (entries) =>
                storeEntries(executor, entries, { namespace: memory.namespace, embeddings: withVectors, signal }),
              (entry, error) => {
                refused.add(batch[ready.indexOf(entry)] as Entry)
                complain(`${kind}, row ${entry.line}`, `${error.code} ${error.message}`)
              },
            )
          }
          if (kind === "memory") {
            const good = batch.filter((entry) => !refused.has(entry))
            verified.expected += good.length
            for (const { value } of good) verified.expectedBytes += Buffer.byteLength(value["content"] as string)
            if (!dryRun && good.length > 0) {
              const [memories, bytes] = await held(executor, good, signal)
              verified.memories += memories
              verified.bytes += bytes
            }
          }
          progress?.update(copied.read)
        }
        let batch: Entry[] = []
        for (const found of source.entries(kind)) {
          copied.read++
          if ("problem" in found) {
            complain(`${found.table}, row ${found.rowid}`, found.problem)
            continue
          }
          if (kind === "memory" && !reembeds && withVectors && found.value["embedding"] === undefined)
            withoutEmbedding++
          batch.push(found)
          if (batch.length === batchSize) {
            await flush(batch)
            batch = []
          }
        }
        await flush(batch)
        progress?.finish()
      }

      return await withMemory(context, 1, async (memory, executor) => {
        if (embedder !== undefined && !dryRun) await agreeOnEmbedder(memory, executor, embedder, signal)
        else if (withVectors && embedder === undefined) {
          await agreeOnModel(memory, executor, source.model ?? null, { hint: OTHER_MODEL, dryRun, signal })
        }
        for (const kind of kinds) await copyKind(kind, memory, executor)
        if (!dryRun) await memory.vacuum({ signal })
        const bad = Object.values(report).reduce((sum, copied) => sum + copied.bad, 0)
        const whole = dryRun || (verified.memories === verified.expected && verified.bytes === verified.expectedBytes)
        if (json)
          print(JSON.stringify({ dryRun, model: source.model ?? null, report, withoutEmbedding, verified, bad }))
        else {
          for (const [kind, { read, stored, bad: wrong }] of Object.entries(report)) {
            if (read > 0) print(`${kind}: ${read} read, ${dryRun ? "" : `${stored} new, `}${wrong} bad`)
            if (kind === "edge" && !dryRun && stored < read - wrong) {
              print(`${read - wrong - stored} edges to memories that are not there were left out`)
            }
          }
          if (withoutEmbedding > 0) print(`${withoutEmbedding} memories without an embedding of the file's model`)
          if (!dryRun) {
            print(
              `verified: ${verified.memories} of ${verified.expected} memories, ${verified.bytes} of ${verified.expectedBytes} bytes`,
            )
          }
        }
        if (!whole) {
          throw new CommandError("what is in the database is not what is in the file", {
            code: "23514",
            hint: "memories of these ids were there before with other contents, or in a namespace that is not yours",
          })
        }
        return bad > 0 ? 1 : 0
      })
    } finally {
      file.close()
      await embedder?.close?.()
    }
  },
}
