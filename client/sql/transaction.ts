/** An Executor inside an open transaction, whatever runs its statements. */
import {
  type CursorOptions,
  type Executor,
  type QueryOptions,
  readCursor,
  type Row,
  type TransactionOptions,
  type VectorLike,
} from "./executor.ts"

/** Runs one statement on the connection of the transaction. */
export type Run = <R extends object>(
  sql: string,
  values: readonly unknown[],
  signal: AbortSignal | undefined,
) => Promise<R[]>

export class TransactionExecutor implements Executor {
  readonly #run: Run
  readonly #vector: (values: VectorLike) => unknown
  readonly #signal: AbortSignal | undefined
  readonly #depth: number

  /** `signal` cancels every statement that has none of its own; `depth` counts savepoints, from 1. */
  constructor(run: Run, vector: (values: VectorLike) => unknown, signal: AbortSignal | undefined, depth = 1) {
    this.#run = run
    this.#vector = vector
    this.#signal = signal
    this.#depth = depth
  }

  query<R extends object = Row>(
    sql: string,
    values: readonly unknown[] = [],
    { signal }: QueryOptions = {},
  ): Promise<R[]> {
    return this.#run<R>(sql, values, signal ?? this.#signal)
  }

  async transaction<T>(work: (executor: Executor) => Promise<T>, { signal }: TransactionOptions = {}): Promise<T> {
    const name = `penstock_${this.#depth}`
    await this.#run(`savepoint ${name}`, [], undefined)
    try {
      const result = await work(
        new TransactionExecutor(this.#run, this.#vector, signal ?? this.#signal, this.#depth + 1),
      )
      await this.#run(`release savepoint ${name}`, [], undefined)
      return result
    } catch (error) {
      // Where the connection is gone, the work's own error says more.
      await this.#run(`rollback to savepoint ${name}`, [], undefined).catch(() => {})
      throw error
    }
  }

  cursor<R extends object = Row>(sql: string, options: CursorOptions): AsyncGenerator<R[], void, undefined> {
    return readCursor<R>(this, sql, { ...options, signal: options.signal ?? this.#signal })
  }

  vector(values: VectorLike): unknown {
    return this.#vector(values)
  }

  /** The transaction ends with its work. */
  close(): Promise<void> {
    return Promise.resolve()
  }
}
