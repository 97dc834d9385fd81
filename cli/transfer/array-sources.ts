/** Sources that are NumPy files: .npy with a file of ids and metadata beside it, .npz with everything in it. */
import { createReadStream, readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { unzipSync } from "fflate"
import type { Metadata } from "../../client/index.ts"
import { CommandError } from "../lib/errors.ts"
import { type ArrayHeader, readHeader, readPart, readRow, readTexts, rowLayout } from "./npy.ts"
import type { Source, SourceRecord } from "./records.ts"

const CHUNK = 1 << 20

/** The rows of an array in a file, a megabyte at a time. */
async function* arrayRows(path: string, header: ArrayHeader): AsyncGenerator<Float64Array> {
  const { rows, columns, bytes } = rowLayout(header, path)
  const together = Math.max(1, Math.floor(CHUNK / Math.max(1, bytes)))
  for (let first = 0; first < rows; first += together) {
    const count = Math.min(together, rows - first)
    const chunk = readPart(path, header.offset + first * bytes, count * bytes)
    if (chunk.length < count * bytes)
      throw new CommandError(`${path}: the file ends before row ${rows}`, { code: "22023" })
    for (let i = 0; i < count; i++) yield readRow(header, columns, chunk.subarray(i * bytes, (i + 1) * bytes))
  }
}

/**
 * A two-dimensional array. `rowsFile` holds {"id": ..., "metadata": ...} for each row, one a line; without it the
 * ids are the numbers of the rows, from 0.
 */
export function npy(path: string, rowsFile: string | undefined): Source {
  const header = readHeader(readPart(path, 0, 65_536), path)
  const { rows } = rowLayout(header, path)
  return {
    total: rows,
    async *records() {
      const lines =
        rowsFile === undefined
          ? undefined
          : createInterface({ input: createReadStream(rowsFile), crlfDelay: Infinity })[Symbol.asyncIterator]()
      let position = 0
      for await (const vector of arrayRows(path, header)) {
        position++
        if (lines === undefined) {
          yield { position, id: String(position - 1), vector, metadata: {} }
          continue
        }
        const { value, done } = await lines.next()
        if (done === true)
          throw new CommandError(`${rowsFile}: expected ${rows} lines, got ${position - 1}`, { code: "22023" })
        yield described(position, value, vector)
      }
    },
  }
}

function described(position: number, line: string, vector: Float64Array): SourceRecord {
  try {
    const { id, metadata } = JSON.parse(line) as { id: unknown; metadata?: Metadata | null }
    if (typeof id !== "string" && typeof id !== "number")
      throw new SyntaxError("expected an id that is a text or a number")
    return { position, id: String(id), vector, metadata: metadata ?? {} }
  } catch (error) {
    return { position, problem: (error as Error).message, raw: line }
  }
}

/** An archive with the arrays vectors (two dimensions), ids and metadata (texts, JSON; both may be missing). Held in memory. */
export function npz(path: string): Source {
  const files = unzipSync(readFileSync(path))
  const part = (name: string) => {
    const bytes = files[`${name}.npy`]
    return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  const vectors = part("vectors")
  if (vectors === undefined) {
    throw new CommandError(`${path}: expected an array named vectors, got ${Object.keys(files).join(", ") || "none"}`, {
      code: "22023",
    })
  }
  const header = readHeader(vectors, `${path}: vectors`)
  const { rows, columns, bytes } = rowLayout(header, `${path}: vectors`)
  const texts = (name: string) => {
    const array = part(name)
    if (array === undefined) return undefined
    const read = readTexts(array, `${path}: ${name}`)
    if (read.length === rows) return read
    throw new CommandError(`${path}: expected ${rows} ${name}, got ${read.length}`, { code: "22023" })
  }
  const ids = texts("ids")
  const metadata = texts("metadata")
  return {
    total: rows,
    async *records() {
      for (let i = 0; i < rows; i++) {
        const vector = readRow(
          header,
          columns,
          vectors.subarray(header.offset + i * bytes, header.offset + (i + 1) * bytes),
        )
        yield described(
          i + 1,
          `{"id":${JSON.stringify(ids?.[i] ?? String(i))},"metadata":${metadata?.[i] ?? "{}"}}`,
          vector,
        )
      }
    },
  }
}
