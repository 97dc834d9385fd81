import { createInterface } from "node:readline/promises"
import { planReembed, reembed } from "../../client/memory/reembed.ts"
import type { Command } from "../lib/command.ts"
import { CommandError, UsageError } from "../lib/errors.ts"
import { startProgress } from "../lib/progress.ts"
import { EMBEDDER_OPTIONS, readEmbedder, readText, readWhole, withMemory } from "../memory/options.ts"

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(?:es)?$/iu.test((await terminal.question("go on? [y/N] ")).trim())
  } finally {
    terminal.close()
  }
}

export const memoryReembed: Command = {
  name: "memory reembed",
  summary: "Move all embeddings to another model, while searches go on.",
  usage: "[URL]",
  help: `
Fills a second column batch by batch, indexes it and swaps it in, in one transaction: a search uses
the old embeddings or the new, never both. Stopped or killed, it goes on where it was when it is run
again. Nothing happens when the model is the registered one. All namespaces move together; takes
the rights of penstock_admin. Until the swap, programs keep using the old model; after it, the new.
Progress goes to standard error. Asks before it begins, unless --yes is given.

  penstock memory reembed --embeddings-url http://localhost:11434/v1 --model nomic-embed-text`,
  options: {
    ...EMBEDDER_OPTIONS,
    hash: { type: "string", value: "TEXT", help: "what tells the model from another of its name" },
    batch: { type: "string", value: "N", help: "texts a batch, 1 to 1000 (default 100)" },
    "concurrent-index": {
      type: "boolean",
      help: "build the index without making writers wait (owner of the table only)",
    },
    "dry-run": { type: "boolean", help: "say what would be done and do nothing" },
    yes: { type: "boolean", short: "y", help: "do not ask" },
  },
  maxPositionals: 1,
  async run(context) {
    const { options, json, print, note, signal } = context
    const embedder = readEmbedder(options, process.env)
    if (embedder === undefined)
      throw new UsageError("expected an embedder: --embeddings-url, --command, or --embedder hashing")
    const hash = readText(options, "hash") ?? ""
    const batchSize = readWhole(options, "batch", 1, 1000) ?? 100
    try {
      return await withMemory(context, 0, async (_memory, executor) => {
        const probed = performance.now()
        await embedder.embed(["how long one text takes"], signal)
        const perBatch = (performance.now() - probed) / 1000
        const plan = await planReembed(executor, embedder, { hash, signal })
        const name = `${plan.model.name}, ${plan.model.dimensions} dimensions`
        if (!plan.needed) {
          if (json)
            print(JSON.stringify({ rowsUpdated: 0, seconds: 0, indexSeconds: 0, resumedAt: 0, model: plan.model }))
          else print(`nothing to do: the registered model is ${name}`)
          return 0
        }
        const left = plan.total - plan.done
        const calls = Math.ceil(left / batchSize)
        if (options["dry-run"] === true) {
          if (json) print(JSON.stringify({ ...plan, batches: calls, estimatedSeconds: calls * perBatch }))
          else {
            print(`would embed ${left} of ${plan.total} memories by ${name}, in ${calls} batches`)
            print(`at least ${Math.ceil(calls * perBatch)} s, as long as the embedder took for one text`)
          }
          return 0
        }
        if (plan.resumes) note(`resumes at ${plan.done} of ${plan.total}`)
        else {
          note(`moves ${plan.total} memories to ${name}; the old embeddings are dropped at the end`)
          note("back them up first: pg_dump --schema=memory --file=memory.sql")
        }
        if (options["yes"] !== true && !plan.resumes && !(await confirmed()))
          throw new CommandError("nothing was changed", { hint: "say yes, or pass --yes" })

        const progress = startProgress("embedding", plan.total)
        let step = ""
        const result = await reembed(executor, embedder, {
          hash,
          batchSize,
          concurrentIndex: options["concurrent-index"] === true,
          signal,
          onProgress: ({ step: current, done, total }) => {
            if (current === "embed") progress.update(done, total)
            else if (current !== step) {
              if (current === "index") progress.finish()
              note(current === "index" ? "building the index" : "swapping the columns")
            }
            step = current
          },
        })
        if (json) print(JSON.stringify({ ...result, model: plan.model }))
        else
          print(
            `${result.rowsUpdated} memories embedded by ${name} in ${result.seconds.toFixed(1)} s, index in ${result.indexSeconds.toFixed(1)} s`,
          )
        return 0
      })
    } finally {
      await embedder.close?.()
    }
  },
}
