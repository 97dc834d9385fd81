/** COPY ... FROM STDIN on a connection of pg, which leaves the data to its callers. */
import type pg from "pg"
import { errorOf, translate } from "../errors.ts"

/** What is used of a connection of pg, beyond its types. */
interface Connection {
  query(sql: string): void
  sendCopyFromChunk(chunk: Uint8Array): void
  endCopyFrom(): void
  sendCopyFail(reason: string): void
  readonly stream: NodeJS.WritableStream & { readonly writableNeedDrain: boolean; readonly destroyed: boolean }
}

/** Resolves when a stream takes more, or never will. */
const drained = (stream: NodeJS.WritableStream): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done).off("close", done)
      resolve()
    }
    stream.on("drain", done).on("close", done)
  })

/** A query as pg runs it: it sends, and is told what the server answers. */
class CopyIn {
  readonly #sql: string
  readonly #chunks: AsyncIterable<Uint8Array>
  readonly #done: (failure: unknown, rows: number) => void
  #failure: unknown
  #rows = 0

  constructor(sql: string, chunks: AsyncIterable<Uint8Array>, done: (failure: unknown, rows: number) => void) {
    this.#sql = sql
    this.#chunks = chunks
    this.#done = done
  }

  submit(connection: Connection): void {
    connection.query(this.#sql)
  }

  handleCopyInResponse(connection: Connection): void {
    void this.#send(connection)
  }

  async #send(connection: Connection): Promise<void> {
    try {
      for await (const chunk of this.#chunks) {
        // The server has answered already: with an error.
        if (this.#failure !== undefined || connection.stream.destroyed) return
        connection.sendCopyFromChunk(chunk)
        if (connection.stream.writableNeedDrain) await drained(connection.stream)
      }
      connection.endCopyFrom()
    } catch (error) {
      // The rows that were sent are undone; what the caller sees is why.
      this.#failure = error
      connection.sendCopyFail("the client stopped")
    }
  }

  handleCommandComplete(message: { text?: string }): void {
    this.#rows = Number(/^COPY (\d+)$/.exec(message.text ?? "")?.[1] ?? 0)
  }

  /** The last that is heard of a query that failed; pg itself waits until the server is ready again. */
  handleError(error: unknown): void {
    this.#failure ??= error
    this.#done(this.#failure, 0)
  }

  handleReadyForQuery(): void {
    this.#done(this.#failure, this.#rows)
  }
}

/**
 * Runs COPY ... FROM STDIN and resolves to the number of rows. When the chunks throw, the
 * statement fails, nothing of it stays, and their error is what the promise is rejected with.
 */
export const copyIn = (client: pg.ClientBase, sql: string, chunks: AsyncIterable<Uint8Array>): Promise<number> =>
  new Promise((resolve, reject) => {
    const query = new CopyIn(sql, chunks, (failure, rows) => {
      if (failure === undefined) resolve(rows)
      else reject((translate(failure) as Error | undefined) ?? errorOf("08006", "the connection broke during COPY"))
    })
    client.query(query as unknown as pg.Submittable)
  })
