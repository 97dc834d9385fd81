/** Opens a file as a source, by its name's ending or by --format, and takes its fingerprint. */
import { createHash } from "node:crypto"
import { createReadStream, existsSync } from "node:fs"
import { extname } from "node:path"
import { CommandError, UsageError } from "../lib/errors.ts"
import { npy, npz } from "./array-sources.ts"
import type { Source } from "./records.ts"
import { csv, jsonLines } from "./text-sources.ts"

export const FORMATS = ["jsonl", "csv", "npy", "npz"] as const
export type Format = (typeof FORMATS)[number]

const endings: Readonly<Record<string, Format>> = {
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".csv": "csv",
  ".npy": "npy",
  ".npz": "npz",
}

export function formatOf(path: string, given: string | undefined): Format {
  const format = given ?? endings[extname(path).toLowerCase()]
  if (format === undefined || !FORMATS.includes(format as Format)) {
    throw new UsageError(
      `expected a format, got ${JSON.stringify(given ?? extname(path))}; formats: ${FORMATS.join(", ")}`,
    )
  }
  return format as Format
}

export interface OpenedSource extends Source {
  /** SHA-256 of the file and of the file of rows beside an array. */
  fingerprint: string
}

async function scan(paths: readonly string[]): Promise<{ fingerprint: string; lines: number }> {
  const hash = createHash("sha256")
  let lines = 0
  for (const path of paths) {
    let last = 10
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk)
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
      last = chunk.at(-1) ?? last
    }
    if (last !== 10) lines++
  }
  return { fingerprint: hash.digest("hex"), lines }
}

/** Reads the file once for fingerprint and number of lines; the records are read later. */
export async function openSource(path: string, format: Format, rowsFile: string | undefined): Promise<OpenedSource> {
  for (const name of [path, rowsFile]) {
    if (name !== undefined && !existsSync(name))
      throw new CommandError(`cannot read ${name}: no such file`, { code: "58P01" })
  }
  if (rowsFile !== undefined && format !== "npy") throw new UsageError("--rows goes with an .npy file only")
  const { fingerprint, lines } = await scan(rowsFile === undefined ? [path] : [path, rowsFile])
  const source = {
    jsonl: () => jsonLines(path, lines),
    csv: () => csv(path, Math.max(0, lines - 1)),
    npy: () => npy(path, rowsFile),
    npz: () => npz(path),
  }[format]()
  return { fingerprint, total: source.total, records: () => source.records() }
}
