/** An Executor that tries again what was refused for now. */
import { retry, type RetryOptions } from "../retry.ts"
import type { CursorOptions, Executor, QueryOptions, Row, TransactionOptions, VectorLike } from "./executor.ts"

export class RetryingExecutor implements Executor {
  readonly #inner: Executor
  readonly #options: RetryOptions

  constructor(inner: Executor, options: RetryOptions = {}) {
    this.#inner = inner
    this.#options = options
  }

  query<R extends object = Row>(sql: string, values?: readonly unknown[], options: QueryOptions = {}): Promise<R[]> {
    return retry(() => this.#inner.query<R>(sql, values, options), { signal: options.signal, ...this.#options })
  }

  /** The whole transaction is tried again: `work` may run several times. */
  transaction<T>(work: (executor: Executor) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return retry(() => this.#inner.transaction(work, options), { signal: options.signal, ...this.#options })
  }

  /** Not retried once rows have been read. */
  cursor<R extends object = Row>(sql: string, options: CursorOptions): AsyncGenerator<R[], void, undefined> {
    return this.#inner.cursor<R>(sql, options)
  }

  vector(values: VectorLike): unknown {
    return this.#inner.vector(values)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
