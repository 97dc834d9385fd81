/** JSON Lines and CSV. */
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import { parse } from "csv-parse"
import { CommandError } from "../lib/errors.ts"
import { fromJson, type Source, type SourceRecord } from "./records.ts"

/** {"id": "a", "vector": [1, 2], "metadata": {...}} a line; empty lines are passed over. */
export function jsonLines(path: string, lines: number): Source {
  return {
    total: lines,
    async *records() {
      let position = 0
      for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
        position++
        if (line.trim() === "") continue
        yield readLine(position, line)
      }
    },
  }
}

function readLine(position: number, line: string): SourceRecord {
  try {
    return fromJson(position, JSON.parse(line), line)
  } catch (error) {
    return { position, problem: `not JSON: ${(error as Error).message}`, raw: line }
  }
}

/**
 * A header with the columns id and vector ("[1,2]" or "1 2" or "1,2"), perhaps metadata (JSON). Every other
 * column becomes a key of the metadata, its value a text; an empty field gives no key.
 */
export function csv(path: string, lines: number): Source {
  return {
    total: lines,
    async *records() {
      const parser = createReadStream(path).pipe(
        parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true }),
      )
      let header: string[] | undefined
      for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
        if (header === undefined) {
          header = record
          for (const name of ["id", "vector"]) {
            if (!header.includes(name)) {
              throw new CommandError(
                `${path}: expected a header with the columns id and vector, got ${header.join(", ").slice(0, 200)}`,
                {
                  code: "22023",
                },
              )
            }
          }
          continue
        }
        yield readFields(info.lines, header, record)
      }
    },
  }
}

function readFields(position: number, header: readonly string[], fields: readonly string[]): SourceRecord {
  const raw = fields.join(",")
  if (fields.length !== header.length)
    return { position, problem: `expected ${header.length} fields, got ${fields.length}`, raw }
  const row: Record<string, string> = Object.fromEntries(header.map((name, i) => [name, fields[i] ?? ""]))
  const { id = "", vector = "", metadata = "", ...others } = row
  const numbers = vector
    .replace(/^\s*\[|\]\s*$/g, "")
    .trim()
    .split(/[\s,;]+/)
  try {
    const extra = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== ""))
    const given = metadata === "" ? {} : (JSON.parse(metadata) as object)
    if (typeof given !== "object" || given === null || Array.isArray(given)) throw new SyntaxError("expected an object")
    const values = numbers.map((text) => (text === "" ? Number.NaN : Number(text)))
    return fromJson(position, { id, vector: values, metadata: { ...extra, ...given } }, raw)
  } catch (error) {
    return { position, problem: `metadata is not a JSON object: ${(error as Error).message}`, raw }
  }
}
