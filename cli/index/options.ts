import type { Option } from "../lib/command.ts"
import { UsageError } from "../lib/errors.ts"

export type Action = "build" | "rebuild"

/** What the words of `penstock index` ask for; null leaves it to the database. */
export interface IndexRequest {
  action: Action
  collection: string
  kind: string | null
  m: number | null
  efConstruction: number | null
  lists: number | null
  memory: string | null
  workers: number | null
  wait: boolean
  dryRun: boolean
}

export const INDEX_OPTIONS: Readonly<Record<string, Option>> = {
  kind: { type: "string", value: "KIND", help: "hnsw or ivfflat (default: what the collection has)" },
  m: { type: "string", value: "N", help: "hnsw: neighbours a node, 2 to 100 (default 16)" },
  "ef-construction": { type: "string", value: "N", help: "hnsw: candidates while building, 4 to 1000 (default 64)" },
  lists: { type: "string", value: "N", help: "ivfflat: lists, 1 to 32768 (default: from the number of rows)" },
  memory: { type: "string", value: "SIZE", help: "maintenance_work_mem, such as 2GB (default: what the index needs)" },
  workers: { type: "string", value: "N", help: "parallel workers, 0 to 1024 (default: what the server says)" },
  "no-wait": { type: "boolean", help: "fail when the gate defers or throttles, instead of waiting" },
  "dry-run": { type: "boolean", help: "print the statements and run none" },
}

type Options = Readonly<Record<string, string | boolean | undefined>>

const whole = (options: Options, name: string, low: number, high: number): number | null => {
  const value = options[name]
  if (value === undefined) return null
  const number = typeof value === "string" && /^\d+$/u.test(value) ? Number(value) : Number.NaN
  if (!(number >= low && number <= high))
    throw new UsageError(`--${name}: expected a number from ${low} to ${high}, got ${String(value)}`)
  return number
}

const word = (options: Options, name: string, pattern: RegExp, expected: string): string | null => {
  const value = options[name]
  if (value === undefined) return null
  if (typeof value !== "string" || !pattern.test(value))
    throw new UsageError(`--${name}: expected ${expected}, got ${String(value)}`)
  return value
}

export const readRequest = (action: Action, collection: string | undefined, options: Options): IndexRequest => {
  if (collection === undefined) throw new UsageError("expected the name of a collection")
  return {
    action,
    collection,
    kind: word(options, "kind", /^(?:hnsw|ivfflat)$/u, "hnsw or ivfflat"),
    m: whole(options, "m", 2, 100),
    efConstruction: whole(options, "ef-construction", 4, 1000),
    lists: whole(options, "lists", 1, 32_768),
    memory: word(options, "memory", /^\d+(?:kB|MB|GB|TB)$/u, "a size with its unit, such as 512MB"),
    workers: whole(options, "workers", 0, 1024),
    wait: options["no-wait"] !== true,
    dryRun: options["dry-run"] === true,
  }
}
