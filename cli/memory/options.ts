/** Words that several subcommands of `penstock memory` share. */
import { commandEmbedder } from "../../client/embedding/command.ts"
import type { Embedder } from "../../client/embedding/embedder.ts"
import { endpointEmbedder } from "../../client/embedding/endpoint.ts"
import { hashingEmbedder } from "../../client/embedding/hashing.ts"
import { Memory } from "../../client/memory/memory.ts"
import { PoolExecutor } from "../../client/sql/pool.ts"
import pg from "pg"
import type { Context, Option } from "../lib/command.ts"
import { UsageError } from "../lib/errors.ts"
import { readUrl } from "../lib/words.ts"

export const NAMESPACE_OPTION: Readonly<Record<string, Option>> = {
  namespace: { type: "string", short: "n", value: "NAME", help: "the namespace (default: default)" },
}

export const EMBEDDER_OPTIONS: Readonly<Record<string, Option>> = {
  embedder: {
    type: "string",
    value: "KIND",
    help: "endpoint, command or hashing (deterministic, no model: for tests)",
  },
  model: { type: "string", value: "NAME", help: "the model's name (EMBEDDINGS_MODEL)" },
  "embeddings-url": {
    type: "string",
    value: "URL",
    help: "endpoint: speaks OpenAI's embeddings API (EMBEDDINGS_URL; the key in EMBEDDINGS_API_KEY)",
  },
  "requests-per-minute": { type: "string", value: "N", help: "endpoint: at most so many requests" },
  command: { type: "string", value: "CMD", help: 'command: reads lines {"text": ...}, writes lines [0.1, ...]' },
  dimensions: { type: "string", value: "N", help: "hashing: length of the vectors (default 384)" },
}

type Options = Context["options"]

export const readText = (options: Options, name: string): string | undefined => {
  const value = options[name]
  return typeof value === "string" && value !== "" ? value : undefined
}

export const readWhole = (options: Options, name: string, low: number, high: number): number | undefined => {
  const value = readText(options, name)
  if (value === undefined) return undefined
  const number = /^\d+$/u.test(value) ? Number(value) : Number.NaN
  if (!(number >= low && number <= high))
    throw new UsageError(`--${name}: expected a number from ${low} to ${high}, got ${value}`)
  return number
}

type CommandLineEmbedder = Embedder & { close?: () => Promise<void> }

/** The embedder that the words and the environment name; undefined when they name none. */
export function readEmbedder(options: Options, env: NodeJS.ProcessEnv): CommandLineEmbedder | undefined {
  const url = readText(options, "embeddings-url") ?? (env["EMBEDDINGS_URL"] || undefined)
  const command = readText(options, "command")
  const kind =
    readText(options, "embedder") ?? (command === undefined ? (url === undefined ? undefined : "endpoint") : "command")
  const model = readText(options, "model") ?? (env["EMBEDDINGS_MODEL"] || undefined)
  switch (kind) {
    case undefined:
      return undefined
    case "hashing":
      return hashingEmbedder(readWhole(options, "dimensions", 16, 4000) ?? 384)
    case "command":
      if (command === undefined || model === undefined)
        throw new UsageError("--embedder command needs --command and --model")
      return commandEmbedder({ command: command.trim().split(/\s+/u), model })
    case "endpoint": {
      if (url === undefined || model === undefined)
        throw new UsageError(
          "--embedder endpoint needs --embeddings-url and --model, or EMBEDDINGS_URL and EMBEDDINGS_MODEL",
        )
      const apiKey = env["EMBEDDINGS_API_KEY"]
      const requestsPerMinute = readWhole(options, "requests-per-minute", 1, 1_000_000)
      return endpointEmbedder({
        url,
        model,
        ...(apiKey === undefined ? {} : { apiKey }),
        ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      })
    }
    default:
      throw new UsageError(`--embedder: expected endpoint, command or hashing, got ${kind}`)
  }
}

/** Opens the memory of the database that the words name, works, and closes. */
export async function withMemory<T>(
  { positionals, options }: Pick<Context, "positionals" | "options">,
  urlPosition: number,
  work: (memory: Memory, executor: PoolExecutor) => Promise<T>,
  embedder?: Embedder,
): Promise<T> {
  const connectionString = readUrl(positionals.slice(urlPosition), process.env)
  const pool = new pg.Pool({ connectionString, max: 2, connectionTimeoutMillis: 10_000, application_name: "penstock" })
  const executor = new PoolExecutor(pool, true)
  try {
    return await work(new Memory(executor, { namespace: readText(options, "namespace"), embedder }), executor)
  } finally {
    await executor.close()
  }
}
