import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { createInterface } from "node:readline"
import type { SealedInsert } from "../../client/index.ts"
import type { Command } from "../lib/command.ts"
import { CommandError, UsageError } from "../lib/errors.ts"
import { startProgress } from "../lib/progress.ts"
import { CONFIG_HELP, readWordsOfSealed, SEALED_OPTIONS, withSealed } from "../sealed/setup.ts"

const DEFAULT_BATCH = 2000

/** Batches of rows of a file of JSON Lines, each with the number of bytes up to its end. */
async function* readBatches(path: string, size: number): AsyncGenerator<{ rows: SealedInsert[]; bytes: number }> {
  let rows: SealedInsert[] = []
  let bytes = 0
  let line = 0
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    line++
    bytes += Buffer.byteLength(text) + 1
    if (text.trim() === "") continue
    rows.push(readRow(text, path, line))
    if (rows.length < size) continue
    yield { rows, bytes }
    rows = []
  }
  if (rows.length > 0) yield { rows, bytes }
}

function readRow(text: string, path: string, line: number): SealedInsert {
  let row: Partial<SealedInsert> | null
  try {
    row = JSON.parse(text) as Partial<SealedInsert> | null
  } catch (error) {
    throw new CommandError(`${path}, line ${line}: ${(error as Error).message}`, { code: "22023" })
  }
  const { id, vector, metadata = {} } = row ?? {}
  if ((typeof id !== "string" && typeof id !== "number") || !Array.isArray(vector)) {
    throw new CommandError(`${path}, line ${line}: expected {"id", "vector", "metadata"}`, { code: "22023" })
  }
  return { id, vector, metadata }
}

const readBatch = (value: unknown): number => {
  const size = value === undefined ? DEFAULT_BATCH : Number(value)
  if (!Number.isSafeInteger(size) || size < 1) throw new UsageError(`--batch: expected a whole number of at least 1`)
  return size
}

export const sealedImport: Command = {
  name: "sealed import",
  summary: "Seal the rows of a file and store them.",
  usage: "CONFIG FILE [URL]",
  help: `
FILE holds JSON Lines: {"id", "vector", "metadata"}. Every batch is one COPY, all or nothing. Stopped
or killed, the same command goes on: rows that are there with the same content are skipped, and one
with other content is an error.
${CONFIG_HELP}`,
  options: {
    ...SEALED_OPTIONS,
    create: { type: "boolean", help: "create the collection when it is not there" },
    batch: { type: "string", value: "ROWS", help: `rows in one COPY (default ${DEFAULT_BATCH})` },
  },
  maxPositionals: 3,
  async run(context) {
    const { words, url } = readWordsOfSealed(context, ["CONFIG", "FILE"])
    const [configPath = "", path = ""] = words
    const size = readBatch(context.options["batch"])
    const file = await stat(path).catch(() => {
      throw new CommandError(`no file ${path}`, { code: "58P01" })
    })
    const create = context.options["create"] === true
    return withSealed(context, { configPath, url, create }, async ({ collection, save }) => {
      const progress = startProgress("sealing, bytes", file.size)
      let inserted = 0
      let skipped = 0
      try {
        for await (const { rows, bytes } of readBatches(path, size)) {
          context.signal.throwIfAborted()
          const written = await collection.insertMany(rows).catch(async (error: { code?: string }) => {
            if (error.code !== "23505") throw error
            return collection.insertMany(rows, { skipPresent: true })
          })
          inserted += written
          skipped += rows.length - written
          progress.update(Math.min(bytes, file.size))
        }
        progress.update(file.size)
      } finally {
        progress.finish()
        await save()
      }
      const { name } = collection
      context.print(
        context.json
          ? JSON.stringify({ collection: name, inserted, skipped })
          : `${name}: ${inserted} rows sealed and stored, ${skipped} were there already`,
      )
      return 0
    })
  },
}
