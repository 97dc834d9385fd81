/** The tools that `penstock mcp` offers to an agent: its memory, in the words of the Model Context Protocol. */
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js"
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js"
import type { z as Zod } from "zod"
import type { Memory } from "../../client/memory/memory.ts"
import type { Rating } from "../../client/memory/types.ts"
import { report } from "../lib/errors.ts"

/** How well a memory was recalled, as people say it, and as FSRS counts it. */
const RATINGS = { again: 1, hard: 2, good: 3, easy: 4 } as const satisfies Record<string, Rating>

export const INSTRUCTIONS = `A long-term memory that lasts between conversations.
Recall before you answer what may depend on earlier conversations. Remember facts, preferences and decisions that will
matter later, one a call, in words that stand alone. When a recalled memory helped, review it as good or easy; when it
had to be corrected, as again. Nothing is forgotten unless you call forget.`

const answer = (value: Record<string, unknown>): CallToolResult => ({
  content: [{ type: "text", text: JSON.stringify(value) }],
  structuredContent: JSON.parse(JSON.stringify(value)) as Record<string, unknown>,
})

/** What went wrong goes to the agent, which can mend its call; the server goes on. */
async function attempt(work: () => Promise<Record<string, unknown>>): Promise<CallToolResult> {
  try {
    return answer(await work())
  } catch (error) {
    const { code, message, detail, hint } = report(error)
    const lines = [
      code === undefined ? message : `${code}: ${message}`,
      detail,
      hint === undefined ? hint : `Hint: ${hint}`,
    ]
    return { isError: true, content: [{ type: "text", text: lines.filter((line) => line !== undefined).join("\n") }] }
  }
}

export function registerTools(server: McpServer, memory: Memory, z: typeof Zod): void {
  const id = z.uuid().describe("id of a memory, as remember and recall give it")
  const words = z.array(z.string().min(1).max(200)).max(50)
  const moment = z.iso.datetime({ offset: true })

  server.registerTool(
    "remember",
    {
      title: "Remember",
      description: "Stores one fact, preference, decision or event. Returns its id.",
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
      inputSchema: {
        content: z.string().min(1).describe("what to remember, in words that stand alone"),
        type: z.string().min(1).max(200).optional().describe('kind of memory, such as "preference"; default "fact"'),
        tags: words.optional(),
        domains: words.optional().describe("subjects it belongs to"),
        metadata: z.record(z.string(), z.unknown()).optional(),
        valid_until: moment.optional().describe("when it stops being true, ISO 8601 with offset"),
        dedupe: z
          .enum(["create", "auto", "reinforce", "update"])
          .optional()
          .describe("what to do when nearly the same is known: create (default) stores it all the same"),
      },
    },
    ({ content, type, tags, domains, metadata, valid_until, dedupe }, { signal }) =>
      attempt(async () => ({
        ...(await memory.insert(
          {
            content,
            ...(type === undefined ? {} : { nodeType: type }),
            ...(tags === undefined ? {} : { tags }),
            ...(domains === undefined ? {} : { domains }),
            ...(metadata === undefined ? {} : { metadata }),
            ...(valid_until === undefined ? {} : { validUntil: new Date(valid_until) }),
          },
          { signal, ...(dedupe === undefined ? {} : { dedupe }) },
        )),
      })),
  )

  server.registerTool(
    "recall",
    {
      title: "Recall",
      description: "Finds memories by words and, where an embedder is set, by meaning; the best first.",
      annotations: { readOnlyHint: true, openWorldHint: false },
      inputSchema: {
        query: z.string().min(1).describe("what to look for"),
        limit: z.int().min(1).max(100).optional().describe("at most so many; default 10"),
        types: words.optional().describe("only these kinds"),
        tags: words.optional().describe("only with any of these"),
        domains: words.optional().describe("only with any of these"),
        created_after: moment.optional(),
        created_before: moment.optional(),
        min_retrievability: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe("leaves out what is probably faded: least probability of recall by FSRS"),
        include_superseded: z.boolean().optional(),
      },
    },
    (
      { query, limit, types, tags, domains, created_after, created_before, min_retrievability, include_superseded },
      extra,
    ) =>
      attempt(async () => ({
        memories: await memory.search(query, {
          k: limit ?? 10,
          signal: extra.signal,
          ...(types === undefined ? {} : { nodeTypes: types }),
          ...(tags === undefined ? {} : { tags }),
          ...(domains === undefined ? {} : { domains }),
          ...(created_after === undefined ? {} : { createdAfter: new Date(created_after) }),
          ...(created_before === undefined ? {} : { createdBefore: new Date(created_before) }),
          ...(min_retrievability === undefined ? {} : { minRetrievability: min_retrievability }),
          ...(include_superseded === undefined ? {} : { includeSuperseded: include_superseded }),
        }),
      })),
  )

  server.registerTool(
    "review",
    {
      title: "Review",
      description: "Says how well a memory was recalled. FSRS then decides when it fades and when to look at it again.",
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
      inputSchema: {
        id,
        rating: z.enum(["again", "hard", "good", "easy"]).describe("again: it was wrong or had to be looked up"),
      },
    },
    ({ id: reviewed, rating }, { signal }) =>
      attempt(async () => ({ ...(await memory.review(reviewed, RATINGS[rating], { signal })) })),
  )

  server.registerTool(
    "relate",
    {
      title: "Relate",
      description: "Joins two memories, or with remove parts them. Neighbours come to mind together.",
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
      inputSchema: {
        source: id,
        target: id,
        type: z.string().min(1).max(200).optional().describe('kind of relation, such as "causes"'),
        weight: z.number().gt(0).max(1).optional().describe("strength, up to 1 (default)"),
        remove: z.boolean().optional(),
      },
    },
    ({ source, target, type, weight, remove }, { signal }) =>
      attempt(async () => {
        const options = { signal, ...(type === undefined ? {} : { type }) }
        if (remove === true) return { removed: await memory.unrelate(source, target, options) }
        await memory.relate(source, target, { ...options, ...(weight === undefined ? {} : { weight }) })
        return { related: [source, target] }
      }),
  )

  server.registerTool(
    "forget",
    {
      title: "Forget",
      description:
        "Ends the validity of memories, so that recall no longer finds them. With permanently they are deleted, and nothing brings them back.",
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
      inputSchema: { ids: z.array(id).min(1).max(100), permanently: z.boolean().optional() },
    },
    ({ ids, permanently }, { signal }) =>
      attempt(async () => {
        if (permanently === true) return { deleted: await memory.delete(ids, { signal }) }
        const validUntil = new Date()
        for (const each of ids) await memory.update(each, { validUntil }, { signal })
        return { expired: ids.length }
      }),
  )

  server.registerTool(
    "stats",
    {
      title: "Statistics",
      description: "How many memories there are, by state, type and domain, and what is due for review.",
      annotations: { readOnlyHint: true, openWorldHint: false },
      inputSchema: { due: z.int().min(0).max(100).optional().describe("how many due memories to list; default 10") },
    },
    ({ due }, { signal }) =>
      attempt(async () => ({
        ...(await memory.stats({ signal })),
        due_now: due === 0 ? [] : await memory.due({ limit: due ?? 10, signal }),
      })),
  )
}
