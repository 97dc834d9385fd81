/** Loads records into a collection: COPY a batch, note how far it came in the same transaction, again and again. */
import { pipeline } from "node:stream/promises"
import { Readable } from "node:stream"
import type pg from "pg"
import copyStreams from "pg-copy-streams"
import { type PenstockError, retry, translate } from "../../client/index.ts"
import { addChecksums, jsonbText, rowChecksum } from "./checksum.ts"
import { binaryTuple, COPY_HEADER, COPY_TRAILER, textLine, vectorSend } from "./copy-format.ts"
import { problemOf, type Row, type Shape, type SourceRecord } from "./records.ts"
import type { Reject } from "./rejects.ts"

export interface Target extends Shape {
  collection: string
  statement: string
  isBinary: boolean
  hasMetadata: boolean
}

export interface Progress {
  position: number
  rowCount: number
  rejected: number
  checksum: bigint
}

export interface LoadOptions {
  /** The open import; none for a load that keeps no account (--dry-run, --atomic). */
  importId: string | undefined
  batchSize: number
  /** One transaction around everything is the caller's. */
  inTransaction: boolean
  signal: AbortSignal
  onProgress(progress: Progress): void
  onRejects(rejects: readonly Reject[]): void
  /** Called before each pause when a gate asks to wait. */
  onWait(error: Error, seconds: number): void
}

/** A row in the bytes of COPY, with its part of the checksum. */
interface Prepared {
  position: number
  id: string
  bytes: Buffer
  checksum: bigint
  /** For the file of rejects. */
  metadata: string
}

function prepare({ position, id, vector, metadata }: Row, { storage, isBinary, hasMetadata }: Target): Prepared {
  const sent = vectorSend(vector, storage)
  const text = jsonbText(metadata)
  const given = hasMetadata ? text : undefined
  const bytes = isBinary ? binaryTuple(id, sent, given) : textLine(id, vector, given)
  return { position, id, bytes, checksum: rowChecksum(id, sent, given ?? ""), metadata: text }
}

const CHUNK_BYTES = 1 << 19

/** The bytes of a COPY in chunks of half a megabyte: each write costs more than its bytes. */
function* chunks(rows: readonly Prepared[], isBinary: boolean): Generator<Buffer> {
  let parts: Buffer[] = isBinary ? [COPY_HEADER] : []
  let size = 0
  for (const { bytes } of rows) {
    parts.push(bytes)
    size += bytes.length
    if (size < CHUNK_BYTES) continue
    yield Buffer.concat(parts)
    parts = []
    size = 0
  }
  if (isBinary) parts.push(COPY_TRAILER)
  yield Buffer.concat(parts)
}

async function copy(client: pg.Client, { statement, isBinary }: Target, rows: readonly Prepared[]): Promise<void> {
  try {
    await pipeline(
      Readable.from(chunks(rows, isBinary), { objectMode: false }),
      client.query(copyStreams.from(statement)),
    )
  } catch (error) {
    throw translate(error)
  }
}

/** Lets the connection move: records that come out of memory would otherwise keep the event loop to themselves. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const codeOf = (error: unknown): string => (error as Partial<PenstockError>).code ?? ""
/** An error of the rows, not of the connection, a gate or a privilege: without the bad rows the others can go in. */
const isOfRows = (error: unknown): boolean => /^(22|23)/.test(codeOf(error))

const BATCH_TOO_LARGE = "55R02"

export class Loader {
  readonly #client: pg.Client
  readonly #target: Target
  readonly #options: LoadOptions
  readonly #progress: Progress
  /** Shrinks when a gate says that a batch is too large. */
  #batchSize: number

  constructor(client: pg.Client, target: Target, start: Progress, options: LoadOptions) {
    this.#client = client
    this.#target = target
    this.#options = options
    this.#progress = { ...start }
    this.#batchSize = options.batchSize
  }

  /** Loads every record after the position that is done already. While the server takes one batch, the next is made. */
  async load(records: AsyncIterable<SourceRecord>): Promise<Progress> {
    let rows: Prepared[] = []
    let rejects: Reject[] = []
    let position = this.#progress.position
    const from = position
    let flushing: Promise<void> = Promise.resolve()
    const flush = async () => {
      await flushing
      flushing = this.#flush(rows, rejects, position)
      // Its failure is thrown by the next flush; meanwhile it is not unhandled.
      flushing.catch(() => {})
      rows = []
      rejects = []
    }
    for await (const record of records) {
      if (record.position <= from) continue
      this.#options.signal.throwIfAborted()
      position = record.position
      const problem = "problem" in record ? record.problem : problemOf(record.id, record.vector, this.#target)
      if ("problem" in record || problem !== undefined) {
        const raw = "problem" in record ? record.raw : JSON.stringify({ id: record.id, metadata: record.metadata })
        rejects.push({ position, problem: problem ?? "", record: raw })
      } else {
        rows.push(prepare({ ...record, vector: new Float32Array(record.vector) }, this.#target))
      }
      if (rows.length % 32 === 0) await breathe()
      if (rows.length + rejects.length >= this.#batchSize) await flush()
    }
    await flush()
    await flushing
    return this.#progress
  }

  /** Writes a batch in one transaction; rows that the table refuses are found by halving and rejected. */
  async #flush(rows: readonly Prepared[], rejects: readonly Reject[], position: number): Promise<void> {
    if (rows.length === 0 && rejects.length === 0) return
    if (this.#options.inTransaction) {
      await this.#copyAll(rows)
      this.#options.onRejects(rejects)
      this.#advance(rows, rejects, position)
      return
    }
    const { signal } = this.#options
    const left: Reject[] = []
    const attempt = (copyRows: () => Promise<readonly Prepared[]>) =>
      this.#transaction(async () => {
        left.length = 0
        const done = await copyRows()
        await this.#note(this.#after(done, [...rejects, ...left], position))
        // Before the commit: what a crash leaves too much in the file is past the position, and dropped on resume.
        this.#options.onRejects([...rejects, ...left].sort((a, b) => a.position - b.position))
        return done
      })
    const written = await retry(
      async () => {
        try {
          return await attempt(async () => {
            await this.#copyAll(rows)
            return rows
          })
        } catch (error) {
          if (!isOfRows(error) && codeOf(error) !== BATCH_TOO_LARGE) throw error
          return attempt(() => this.#copyHalving(rows, left))
        }
      },
      { attempts: Number.MAX_SAFE_INTEGER, signal, onRetry: (error, delay) => this.#options.onWait(error, delay) },
    )
    this.#advance(written, [...rejects, ...left], position)
  }

  async #transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.#client.query("begin")
    try {
      const result = await work()
      await this.#client.query("commit")
      return result
    } catch (error) {
      await this.#client.query("rollback").catch(() => {})
      throw translate(error)
    }
  }

  async #copyAll(rows: readonly Prepared[]): Promise<void> {
    for (let first = 0; first < rows.length; first += this.#batchSize) {
      await copy(this.#client, this.#target, rows.slice(first, first + this.#batchSize))
    }
  }

  /** Under a savepoint, so that a bad half does not take the good one with it. */
  async #copyHalving(rows: readonly Prepared[], rejects: Reject[]): Promise<Prepared[]> {
    if (rows.length === 0) return []
    await this.#client.query("savepoint penstock_batch")
    try {
      await this.#copyAll(rows)
      await this.#client.query("release savepoint penstock_batch")
      return [...rows]
    } catch (error) {
      const limit = codeOf(error) === BATCH_TOO_LARGE
      if (!isOfRows(error) && !(limit && this.#batchSize > 1)) throw error
      await this.#client.query("rollback to savepoint penstock_batch; release savepoint penstock_batch")
      if (limit) {
        this.#batchSize = Math.max(1, Math.floor(Math.min(this.#batchSize, rows.length) / 2))
        return this.#copyHalving(rows, rejects)
      }
      if (rows.length === 1) {
        const [row] = rows as [Prepared]
        const problem = (error as Error).message
        rejects.push({
          position: row.position,
          problem,
          code: codeOf(error),
          record: `{"id":${JSON.stringify(row.id)},"metadata":${row.metadata}}`,
        })
        return []
      }
      const middle = rows.length >> 1
      return [
        ...(await this.#copyHalving(rows.slice(0, middle), rejects)),
        ...(await this.#copyHalving(rows.slice(middle), rejects)),
      ]
    }
  }

  #after(rows: readonly Prepared[], rejects: readonly Reject[], position: number): Progress {
    const { rowCount, rejected, checksum } = this.#progress
    return {
      position,
      rowCount: rowCount + rows.length,
      rejected: rejected + rejects.length,
      checksum: rows.reduce((sum, row) => addChecksums(sum, row.checksum), checksum),
    }
  }

  async #note({ position, rowCount, rejected, checksum }: Progress): Promise<void> {
    const { importId } = this.#options
    if (importId === undefined) return
    await this.#client.query("select penstock.note_import($1, $2, $3, $4, $5)", [
      importId,
      position,
      rowCount,
      rejected,
      String(checksum),
    ])
  }

  #advance(rows: readonly Prepared[], rejects: readonly Reject[], position: number): void {
    Object.assign(this.#progress, this.#after(rows, rejects, position))
    this.#options.onProgress(this.#progress)
  }
}
