import { createWriteStream } from "node:fs"
import { rename, rm } from "node:fs/promises"
import { once } from "node:events"
import { finished } from "node:stream/promises"
import type { Command } from "../lib/command.ts"
import { UsageError } from "../lib/errors.ts"
import { startProgress } from "../lib/progress.ts"
import { NAMESPACE_OPTION, withMemory } from "../memory/options.ts"
import { FORMAT, type Header } from "../memory/transfer.ts"

export const memoryExport: Command = {
  name: "memory export",
  summary: "Write a whole namespace to a file, as JSON Lines.",
  usage: "FILE [URL]",
  help: `
Domains, memories with their scheduling and embeddings, what superseded what, edges and reviews, as of
one moment. FILE appears when it is complete; - is standard output. penstock memory import reads it.`,
  options: { ...NAMESPACE_OPTION, "without-embeddings": { type: "boolean", help: "leave the vectors out" } },
  maxPositionals: 2,
  async run(context) {
    const [file] = context.positionals
    if (file === undefined) throw new UsageError("expected a file, or - for standard output")
    const embeddings = context.options["without-embeddings"] !== true
    return withMemory(context, 1, async (memory, executor) => {
      const { signal } = context
      const namespace = memory.namespace ?? "default"
      const [row] = await executor.query<{ statement: string }>(
        "select memory.export_statement($1, $2) as statement",
        [namespace, embeddings],
        { signal },
      )
      const model = embeddings ? ((await memory.model({ signal })) ?? null) : null
      const header: Header = {
        penstock_memory: FORMAT,
        namespace,
        model: model === null ? null : { name: model.name, dimensions: model.dimensions, hash: model.hash },
      }
      const partial = `${file}.partial`
      const output = file === "-" ? process.stdout : createWriteStream(partial)
      const progress = startProgress("exporting", 0)
      let lines = 0
      try {
        output.write(`${JSON.stringify(header)}\n`)
        for await (const batch of executor.cursor<{ line: unknown }>(row?.statement ?? "", {
          batchSize: 500,
          signal,
        })) {
          const text = batch.map(({ line }) => `${JSON.stringify(line)}\n`).join("")
          if (!output.write(text)) await once(output, "drain", { signal })
          lines += batch.length
          progress.update(lines, lines)
        }
        progress.finish()
        if (file !== "-") {
          output.end()
          await finished(output)
          await rename(partial, file)
        }
      } catch (error) {
        if (file !== "-") await rm(partial, { force: true })
        throw error
      }
      if (file === "-") context.note(`${lines} lines`)
      else context.print(context.json ? JSON.stringify({ file, lines, ...header }) : `${lines} lines in ${file}`)
      return 0
    })
  },
}
