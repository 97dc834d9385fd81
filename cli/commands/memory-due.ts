import type { Command } from "../lib/command.ts"
import { NAMESPACE_OPTION, readWhole, withMemory } from "../memory/options.ts"

export const memoryDue: Command = {
  name: "memory due",
  summary: "List the memories whose review is due, the longest due first.",
  usage: "[URL]",
  help: `
Each line has the id, the probability that it is recalled now, when it became due, and the beginning
of its content.`,
  options: {
    ...NAMESPACE_OPTION,
    limit: { type: "string", value: "N", help: "at most so many, 1 to 10000 (default 20)" },
  },
  maxPositionals: 1,
  run: (context) =>
    withMemory(context, 0, async (memory) => {
      const due = await memory.due({
        limit: readWhole(context.options, "limit", 1, 10_000) ?? 20,
        signal: context.signal,
      })
      if (context.json) context.print(JSON.stringify(due))
      else
        for (const { id, content, nextReview, retrievability } of due)
          context.print(
            `${id}  ${retrievability.toFixed(2)}  ${nextReview.toISOString()}  ${content.replace(/\s+/gu, " ").slice(0, 60)}`,
          )
      if (due.length === 0) context.note("nothing is due")
      return 0
    }),
}
