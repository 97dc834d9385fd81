/** An Executor over a pool of pg. */
import pg from "pg"
import { errorOf, translate } from "../errors.ts"
import { cancel } from "./cancel.ts"
import { copyIn } from "./copy-in.ts"
import {
  beginStatement,
  type CursorOptions,
  type Executor,
  type QueryOptions,
  readCursor,
  type Row,
  type TransactionOptions,
  type VectorLike,
} from "./executor.ts"
import { TransactionExecutor } from "./transaction.ts"
import { typeParsers, vectorBytes } from "./values.ts"

const aborted = (signal: AbortSignal) => errorOf("57014", "cancelled by the caller", { cause: signal.reason })

/** Runs one statement on one connection; an AbortSignal cancels it on the server. */
async function run<R extends object>(
  client: pg.ClientBase,
  sql: string,
  values: readonly unknown[],
  signal: AbortSignal | undefined,
): Promise<R[]> {
  if (signal?.aborted === true) throw aborted(signal)
  let cancelling: Promise<void> | undefined
  const stop = () => {
    cancelling = cancel(client)
  }
  signal?.addEventListener("abort", stop, { once: true })
  try {
    const { rows } = await client.query<R & pg.QueryResultRow>({ text: sql, values: [...values], types: typeParsers })
    return rows
  } catch (error) {
    throw translate(error)
  } finally {
    signal?.removeEventListener("abort", stop)
    // The request must not hit the next statement of this connection.
    await cancelling
  }
}

const transactionOn = (client: pg.ClientBase, signal: AbortSignal | undefined): TransactionExecutor =>
  new TransactionExecutor((sql, values, own) => run(client, sql, values, own), vectorBytes, signal)

export class PoolExecutor implements Executor {
  readonly #pool: pg.Pool
  readonly #owned: boolean

  /** `owned`: close() ends the pool; otherwise whoever made it does. */
  constructor(pool: pg.Pool, owned: boolean) {
    this.#pool = pool
    this.#owned = owned
    // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
    if (owned) pool.on("error", () => {})
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      throw translate(error)
    }
  }

  async query<R extends object = Row>(
    sql: string,
    values: readonly unknown[] = [],
    { signal }: QueryOptions = {},
  ): Promise<R[]> {
    if (signal?.aborted === true) throw aborted(signal)
    const client = await this.#connect()
    let failure: unknown
    try {
      return await run<R>(client, sql, values, signal)
    } catch (error) {
      failure = error
      throw error
    } finally {
      client.release(isBroken(failure))
    }
  }

  async transaction<T>(work: (executor: Executor) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const { signal } = options
    if (signal?.aborted === true) throw aborted(signal)
    const client = await this.#connect()
    let failure: unknown
    try {
      await run(client, beginStatement(options), [], undefined)
      const result = await work(transactionOn(client, signal))
      await run(client, "commit", [], undefined)
      return result
    } catch (error) {
      failure = error
      // Where that fails the connection is thrown away, and the transaction with it.
      await run(client, "rollback", [], undefined).catch((broken: unknown) => {
        failure = broken
      })
      throw error
    } finally {
      client.release(isBroken(failure))
    }
  }

  async *cursor<R extends object = Row>(sql: string, options: CursorOptions): AsyncGenerator<R[], void, undefined> {
    const client = await this.#connect()
    let failure: unknown
    const note = (error: unknown) => {
      failure = error
    }
    try {
      const executor = transactionOn(client, options.signal)
      await executor.query("begin read only")
      yield* readCursor<R>(executor, sql, options)
    } catch (error) {
      note(error)
      throw error
    } finally {
      await run(client, "rollback", [], undefined).catch(note)
      client.release(isBroken(failure))
    }
  }

  /** COPY ... FROM STDIN: all of it or nothing; resolves to the number of rows. */
  async copyIn(sql: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
    const client = await this.#connect()
    let failure: unknown
    try {
      return await copyIn(client, sql, chunks)
    } catch (error) {
      failure = error
      throw error
    } finally {
      client.release(isBroken(failure))
    }
  }

  vector(values: VectorLike): unknown {
    return vectorBytes(values)
  }

  /** Waits for connections in use to come back. */
  async close(): Promise<void> {
    if (this.#owned && !this.#pool.ended) await this.#pool.end()
  }
}

/** Whether a connection must not go back into the pool: it is gone, or its protocol state is unknown. */
const isBroken = (failure: unknown): boolean =>
  failure !== undefined && /^(08|57P|E[A-Z])/.test((failure as { code?: string }).code ?? "")
