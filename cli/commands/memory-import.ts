import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import type { Command } from "../lib/command.ts"
import { CommandError, UsageError } from "../lib/errors.ts"
import { startProgress } from "../lib/progress.ts"
import { agreeOnModel } from "../memory/agree-on-model.ts"
import { storeWhatCan } from "../memory/batches.ts"
import { NAMESPACE_OPTION, readWhole, withMemory } from "../memory/options.ts"
import { type Entry, type Kind, readEntry, readHeader, storeEntries } from "../memory/transfer.ts"

const OTHER_MODEL = "import --without-embeddings and embed here, or re-embed one of them first: penstock memory reembed"

export const memoryImport: Command = {
  name: "memory import",
  summary: "Read what penstock memory export has written.",
  usage: "FILE [URL]",
  help: `
Stores in batches what is not there yet, so that it may be stopped and run again; ids, times and
scheduling are kept. A line that cannot be stored is reported with its number and skipped. The exit
code is 0 when every line was good, else 1. The embeddings must be of the registered model.`,
  options: {
    ...NAMESPACE_OPTION,
    batch: { type: "string", value: "N", help: "lines a batch, 1 to 5000 (default 500)" },
    "without-embeddings": { type: "boolean", help: "leave the vectors of the file out" },
  },
  maxPositionals: 2,
  async run(context) {
    const { options, signal, note } = context
    const [file] = context.positionals
    if (file === undefined) throw new UsageError("expected a file, or - for standard input")
    const batchSize = readWhole(options, "batch", 1, 5000) ?? 500
    const embeddings = options["without-embeddings"] !== true
    return withMemory(context, 1, async (memory, executor) => {
      const input = file === "-" ? process.stdin : createReadStream(file)
      const stored: Partial<Record<Kind, number>> = {}
      let batch: Entry[] = []
      let line = 0
      let bad = 0
      const complain = (at: number, message: string) => {
        bad++
        note(`line ${at}: ${message}`)
      }
      const progress = startProgress("importing", 0)
      const flush = async () => {
        const kind = batch[0]?.kind
        if (kind === undefined) return
        const written = await storeWhatCan(
          batch,
          (entries) => storeEntries(executor, entries, { namespace: memory.namespace, embeddings, signal }),
          (entry, error) => complain(entry.line, `${error.code} ${error.message}`),
        )
        stored[kind] = (stored[kind] ?? 0) + written
        batch = []
        progress.update(line, line)
      }
      for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        line++
        signal.throwIfAborted()
        if (line === 1) {
          const header = readHeader(text)
          if (embeddings) await agreeOnModel(memory, executor, header.model, { hint: OTHER_MODEL, signal })
          continue
        }
        if (text.trim() === "") continue
        const entry = readEntry(text, line)
        if (typeof entry === "string") {
          complain(line, entry)
          continue
        }
        if (batch.length === batchSize || (batch[0] !== undefined && batch[0].kind !== entry.kind)) await flush()
        batch.push(entry)
      }
      if (line === 0)
        throw new CommandError("expected a file that penstock memory export has written, got an empty one", {
          code: "22023",
        })
      await flush()
      progress.finish()
      await memory.vacuum({ signal })
      if (context.json) context.print(JSON.stringify({ lines: line, stored, bad }))
      else
        context.print(
          `${line} lines: ${
            Object.entries(stored)
              .map(([kind, n]) => `${n} new of ${kind}`)
              .join(", ") || "nothing new"
          }${bad > 0 ? `; ${bad} bad lines` : ""}`,
        )
      return bad > 0 ? 1 : 0
    })
  },
}
