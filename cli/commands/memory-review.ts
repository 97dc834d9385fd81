import type { Rating } from "../../client/memory/types.ts"
import type { Command } from "../lib/command.ts"
import { UsageError } from "../lib/errors.ts"
import { readText, withMemory } from "../memory/options.ts"

const ratings: Readonly<Record<string, Rating>> = {
  again: 1,
  hard: 2,
  good: 3,
  easy: 4,
  "1": 1,
  "2": 2,
  "3": 3,
  "4": 4,
}

export const memoryReview: Command = {
  name: "memory review",
  summary: "Record how well a memory was recalled.",
  usage: "ID RATING [URL]",
  help: `
RATING is again (forgotten), hard, good or easy, or 1 to 4. Prints when the next review is due, by
FSRS-6.`,
  options: { at: { type: "string", value: "TIME", help: "when it was, ISO 8601 (default: now)" } },
  maxPositionals: 3,
  async run(context) {
    const [id, word = ""] = context.positionals
    if (id === undefined || !/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu.test(id))
      throw new UsageError("expected the id of a memory")
    const rating = ratings[word]
    if (rating === undefined) throw new UsageError(`expected again, hard, good or easy, got ${JSON.stringify(word)}`)
    const at = readText(context.options, "at")
    const reviewedAt = at === undefined ? undefined : new Date(at)
    if (reviewedAt !== undefined && Number.isNaN(reviewedAt.getTime()))
      throw new UsageError(`--at: expected a time, got ${at}`)
    return withMemory(context, 2, async (memory) => {
      const after = await memory.review(id, rating, {
        ...(reviewedAt === undefined ? {} : { reviewedAt }),
        signal: context.signal,
      })
      if (context.json) context.print(JSON.stringify(after))
      else
        context.print(
          `${after.state}: due ${after.nextReview.toISOString()}, stability ${after.stability.toFixed(2)} days, difficulty ${after.difficulty.toFixed(2)}`,
        )
      return 0
    })
  },
}
