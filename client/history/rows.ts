/**
 * One line of an exported history: a JSON object, flat, read strictly. Valid UTF-8, no byte order mark, no key
 * twice, every field of its type: two programs that read the same line see the same.
 */
import { z } from "zod"
import { SqlError } from "../../plv8-src/errors.ts"
import type { ExportedRow } from "../../plv8-src/signing/export.ts"

const hex = z.string().regex(/^([0-9a-f]{2})*$/)
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

const row = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("log"), log_id: z.string().regex(/^[0-9a-f]{32}$/) }),
  z.object({
    kind: z.literal("key"),
    id: hash,
    public_key: hash,
    purpose: z.enum(["events", "checkpoints", "recovery"]),
    holder: z.string(),
    revoked_beyond: count.nullish(),
    revoked_root: hash.nullish(),
  }),
  z.object({
    kind: z.literal("event"),
    seq: count,
    prev: hash,
    type: z.string(),
    collection_id: z.number().int().nullable(),
    key_id: hash.nullable(),
    signature: hex.nullable(),
    bytes: hex,
  }),
  z.object({ kind: z.literal("removed"), seq: count, leaf: hash }),
  z.object({ kind: z.literal("samples"), seq: count, bytes: hex }),
  z.object({ kind: z.literal("checkpoint"), size: count, note: z.string() }),
])

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** A quoted string before a colon; in a flat object only keys stand there. */
const keyForm = /"(?:[^"\\]|\\.)*"(\s*:)?/g

const countKeys = (text: string): number => {
  let keys = 0
  for (const [, colon] of text.matchAll(keyForm)) if (colon !== undefined) keys++
  return keys
}

/** Throws SqlError 22023 that names the line. */
export const parseRow = (line: Uint8Array, number: number): ExportedRow => {
  const refuse = (problem: string): SqlError =>
    new SqlError("22023", `expected a row of an exported history, but line ${number} ${problem}`)
  let text: string
  let value: unknown
  try {
    text = decoder.decode(line)
  } catch {
    throw refuse("is not valid UTF-8")
  }
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw refuse(`is no JSON (${(error as Error).message.slice(0, 80)})`)
  }
  const read = row.safeParse(value)
  if (!read.success) {
    const [issue] = read.error.issues
    throw refuse(`does not fit: ${issue?.path.join(".") || "the object"}: ${issue?.message ?? "unfit"}`)
  }
  if (countKeys(text) !== Object.keys(value as object).length) throw refuse("says a key twice")
  return read.data as ExportedRow
}
