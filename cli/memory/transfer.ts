/** The file format of `penstock memory export`: a header, then one JSON object a line. */
import type { Model } from "../../client/memory/types.ts"
import type { Executor } from "../../client/sql/executor.ts"
import { arrayText } from "../../client/sql/values.ts"
import { CommandError } from "../lib/errors.ts"

export const FORMAT = 1

export interface Header {
  penstock_memory: typeof FORMAT
  namespace: string
  /** The model of the embeddings; null when the file has none. */
  model: Model | null
}

export const kinds = ["domain", "memory", "superseded", "edge", "review"] as const
export type Kind = (typeof kinds)[number]

/** One line of a file. */
export interface Entry {
  line: number
  kind: Kind
  value: Record<string, unknown>
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const readHeader = (line: string): Header => {
  let header: unknown
  try {
    header = JSON.parse(line)
  } catch {
    header = undefined
  }
  if (!isObject(header) || header["penstock_memory"] !== FORMAT) {
    throw new CommandError("expected a file that penstock memory export has written, format 1", {
      code: "22023",
      hint: 'its first line is {"penstock_memory": 1, ...}',
    })
  }
  return header as unknown as Header
}

/** A line as an entry; what is wrong with it otherwise. */
export const readEntry = (text: string, line: number): Entry | string => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    return (error as Error).message
  }
  if (!isObject(parsed)) return "expected an object"
  const [kind, ...others] = Object.keys(parsed)
  const value = parsed[kind ?? ""]
  if (others.length > 0 || !kinds.includes(kind as Kind) || !isObject(value))
    return `expected one of ${kinds.join(", ")}`
  return { line, kind: kind as Kind, value }
}

const count = async (
  executor: Executor,
  sql: string,
  values: readonly unknown[],
  signal: AbortSignal,
): Promise<number> => {
  const [row] = await executor.query<{ n: number }>(`select ${sql} as n`, values, { signal })
  return row?.n ?? 0
}

const calls: Readonly<Partial<Record<Kind, string>>> = {
  superseded: "memory.supersede_many($1::text::jsonb, $2)",
  edge: "memory.add_edges($1::text::jsonb, $2)",
  review: "memory.record_events($1::text::jsonb, $2)",
}

/** Stores entries of one kind and returns how many were new. */
export async function storeEntries(
  executor: Executor,
  entries: readonly Entry[],
  { namespace, embeddings, signal }: { namespace: string | undefined; embeddings: boolean; signal: AbortSignal },
): Promise<number> {
  const [first] = entries
  if (first === undefined) return 0
  const tenant = namespace ?? null
  const call = calls[first.kind]
  if (call !== undefined)
    return count(executor, call, [JSON.stringify(entries.map(({ value }) => value)), tenant], signal)
  if (first.kind === "domain") {
    for (const { value } of entries) {
      await executor.query(
        "select memory.upsert_domain($1, $2, $3, array(select jsonb_array_elements_text($4::text::jsonb)), $5, $6)",
        [
          value["id"],
          value["label"],
          embeddings ? value["centroid"] : null,
          JSON.stringify(value["top_terms"] ?? []),
          value["memory_count"],
          tenant,
        ],
        { signal },
      )
    }
    return entries.length
  }
  const vectors = entries.map(({ value }) =>
    embeddings && typeof value["embedding"] === "string" ? value["embedding"] : null,
  )
  const records = entries.map(({ value }) => ({ ...value, embedding: undefined }))
  return count(
    executor,
    "(select count(*) from memory.insert_many($1::text::jsonb, $2, skip_existing => true, namespace => $3))",
    [JSON.stringify(records), arrayText(vectors), tenant],
    signal,
  )
}
