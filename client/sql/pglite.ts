/** An Executor over PGlite: the embedded database, one connection, statements one after the other. */
import { errorOf, translate } from "../errors.ts"
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
import { vectorText } from "./values.ts"

/** What is used of PGlite and of its transactions; declared here, so that the library needs no PGlite. */
export interface PgliteLike {
  query(sql: string, values?: unknown[]): Promise<{ rows: unknown[] }>
  transaction<T>(
    work: (tx: { query(sql: string, values?: unknown[]): Promise<{ rows: unknown[] }> }) => Promise<T>,
  ): Promise<T>
}

type Query = (sql: string, values?: unknown[]) => Promise<{ rows: unknown[] }>

async function run<R extends object>(
  query: Query,
  sql: string,
  values: readonly unknown[],
  signal: AbortSignal | undefined,
): Promise<R[]> {
  // A statement of PGlite blocks the thread until it is done: a signal is heard between statements only.
  if (signal?.aborted === true) throw errorOf("57014", "cancelled by the caller", { cause: signal.reason })
  try {
    return (await query(sql, [...values])).rows as R[]
  } catch (error) {
    throw translate(error)
  }
}

export class PgliteExecutor implements Executor {
  readonly #database: PgliteLike

  constructor(database: PgliteLike) {
    this.#database = database
  }

  query<R extends object = Row>(
    sql: string,
    values: readonly unknown[] = [],
    { signal }: QueryOptions = {},
  ): Promise<R[]> {
    return run<R>((text, parameters) => this.#database.query(text, parameters), sql, values, signal)
  }

  async transaction<T>(work: (executor: Executor) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const { signal } = options
    if (signal?.aborted === true) throw errorOf("57014", "cancelled by the caller", { cause: signal.reason })
    const settings = beginStatement(options).replace("begin", "").trim()
    try {
      return await this.#database.transaction(async (tx) => {
        const query: Query = (sql, values) => tx.query(sql, values)
        if (settings !== "") await query(`set transaction ${settings.replace(" read only", ", read only")}`)
        return await work(
          new TransactionExecutor((sql, values, own) => run(query, sql, values, own), vectorText, signal),
        )
      })
    } catch (error) {
      throw translate(error)
    }
  }

  /** A cursor WITH HOLD: an open transaction would keep the one connection from everybody else, the reader included. */
  cursor<R extends object = Row>(sql: string, options: CursorOptions): AsyncGenerator<R[], void, undefined> {
    return readCursor<R>(this, sql, options, true)
  }

  vector(values: VectorLike): unknown {
    return vectorText(values)
  }

  /** Whoever opened the PGlite closes it. */
  close(): Promise<void> {
    return Promise.resolve()
  }
}
