/** Files that an export writes. A vector arrives in its binary form, metadata as the text of its jsonb. */
import { type FileHandle, open, rm } from "node:fs/promises"
import { zipSync } from "fflate"
import { CommandError } from "../lib/errors.ts"
import { halfToNumber, writeHeader, writeTexts } from "./npy.ts"
import type { Format } from "./source.ts"

export interface Sink {
  write(id: string, vector: Buffer | null, metadata: string): Promise<void>
  end(): Promise<void>
  /** Removes what was written. */
  discard(): Promise<void>
}

export interface SinkShape {
  dimensions: number
  storage: "vector" | "halfvec"
  rows: number
}

const BUFFER_BYTES = 1 << 20

/** Collects writes until they are worth a system call. */
class BufferedFile {
  readonly path: string
  readonly #file: FileHandle
  #parts: Buffer[] = []
  #size = 0

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.#file = file
  }

  static async create(path: string): Promise<BufferedFile> {
    return new BufferedFile(path, await open(path, "w"))
  }

  async write(part: Buffer): Promise<void> {
    this.#parts.push(part)
    this.#size += part.length
    if (this.#size >= BUFFER_BYTES) await this.#flush()
  }

  async #flush(): Promise<void> {
    await this.#file.appendFile(Buffer.concat(this.#parts))
    this.#parts = []
    this.#size = 0
  }

  async end(): Promise<void> {
    await this.#flush()
    await this.#file.sync()
    await this.#file.close()
  }

  async discard(): Promise<void> {
    await this.#file.close().catch(() => {})
    await rm(this.path, { force: true })
  }
}

/** The elements of vector_send or halfvec_send. */
function elements(vector: Buffer | null, storage: SinkShape["storage"]): number[] | null {
  if (vector === null) return null
  const count = vector.readUInt16BE(0)
  return Array.from({ length: count }, (_, i) =>
    storage === "vector" ? vector.readFloatBE(4 + 4 * i) : halfToNumber(vector.readUInt16BE(4 + 2 * i)),
  )
}

/** The shortest decimal that gives the float4 back. */
function short(value: number): string {
  for (let digits = 6; digits <= 9; digits++) {
    const text = String(Number(value.toPrecision(digits)))
    if (Math.fround(Number(text)) === value) return text
  }
  return String(value)
}

const vectorJson = (values: readonly number[] | null): string =>
  values === null ? "null" : `[${values.map(short).join(",")}]`
const csvField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** The data of a row of an array: little-endian, as NumPy writes on most machines. */
function arrayRow(vector: Buffer | null, { dimensions, storage }: SinkShape): Buffer {
  if (vector === null)
    throw new CommandError("expected a vector in every row, got NULL", { code: "22004", hint: "export to JSON Lines" })
  const data = Buffer.from(vector.subarray(4))
  if (vector.readUInt16BE(0) !== dimensions)
    throw new CommandError(`expected ${dimensions} dimensions in every row`, { code: "22023" })
  return storage === "vector" ? data.swap32() : data.swap16()
}

const typeOf = ({ storage }: SinkShape): string => (storage === "vector" ? "<f4" : "<f2")

async function textSink(
  path: string,
  head: string,
  line: (id: string, vector: number[] | null, metadata: string) => string,
  shape: SinkShape,
): Promise<Sink> {
  const file = await BufferedFile.create(path)
  if (head !== "") await file.write(Buffer.from(head))
  return {
    write: (id, vector, metadata) => file.write(Buffer.from(line(id, elements(vector, shape.storage), metadata))),
    end: () => file.end(),
    discard: () => file.discard(),
  }
}

async function npySink(path: string, shape: SinkShape): Promise<Sink> {
  const array = await BufferedFile.create(path)
  const rows = await BufferedFile.create(`${path}.rows.jsonl`)
  await array.write(writeHeader(typeOf(shape), [shape.rows, shape.dimensions]))
  return {
    async write(id, vector, metadata) {
      await array.write(arrayRow(vector, shape))
      await rows.write(Buffer.from(`{"id":${JSON.stringify(id)},"metadata":${metadata}}\n`))
    },
    async end() {
      await array.end()
      await rows.end()
    },
    async discard() {
      await array.discard()
      await rows.discard()
    },
  }
}

async function npzSink(path: string, shape: SinkShape): Promise<Sink> {
  const file = await BufferedFile.create(path)
  const data: Buffer[] = [writeHeader(typeOf(shape), [shape.rows, shape.dimensions])]
  const ids: string[] = []
  const texts: string[] = []
  return {
    write(id, vector, metadata) {
      data.push(arrayRow(vector, shape))
      ids.push(id)
      texts.push(metadata)
      return Promise.resolve()
    },
    async end() {
      const parts = {
        "vectors.npy": Buffer.concat(data),
        "ids.npy": writeTexts(ids),
        "metadata.npy": writeTexts(texts),
      }
      // Stored, not compressed: NumPy's own savez does the same.
      await file.write(Buffer.from(zipSync(parts, { level: 0 })))
      await file.end()
    },
    discard: () => file.discard(),
  }
}

export function openSink(format: Format, path: string, shape: SinkShape): Promise<Sink> {
  if (format === "npy") return npySink(path, shape)
  if (format === "npz") return npzSink(path, shape)
  if (format === "csv") {
    return textSink(
      path,
      "id,vector,metadata\n",
      (id, vector, metadata) => `${csvField(id)},${csvField(vectorJson(vector))},${csvField(metadata)}\n`,
      shape,
    )
  }
  return textSink(
    path,
    "",
    (id, vector, metadata) => `{"id":${JSON.stringify(id)},"vector":${vectorJson(vector)},"metadata":${metadata}}\n`,
    shape,
  )
}
