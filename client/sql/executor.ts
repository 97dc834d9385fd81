/** What the library asks of a database. A pool of connections and PGlite both become one. */
import { errorOf } from "../errors.ts"

export type Row = Record<string, unknown>
export type VectorLike = Float32Array | Float64Array | readonly number[]

export interface QueryOptions {
  /** Cancels the statement on the server; the promise is then rejected with a CancelledError (57014). */
  signal?: AbortSignal | undefined
}

export interface TransactionOptions extends QueryOptions {
  isolation?: "read committed" | "repeatable read" | "serializable"
  readOnly?: boolean
}

export interface CursorOptions extends QueryOptions {
  /** Rows at a time. */
  batchSize: number
}

/**
 * Runs statements. Failures are PenstockErrors (see errors.ts).
 *
 * Values come back the same from every executor: int8 as number where it is safe and bigint where not, bytea as
 * Uint8Array, jsonb parsed, timestamptz as Date, types of extensions (vector ...) as text. Parameters are numbers,
 * strings, booleans, null, Uint8Array, Date; arrays of them for array types; JSON as text; vectors by `vector()`.
 */
export interface Executor {
  query<R extends object = Row>(sql: string, values?: readonly unknown[], options?: QueryOptions): Promise<R[]>
  /** Runs work in one transaction on one connection: commits when it resolves, rolls back when it rejects. Nested, a savepoint. */
  transaction<T>(work: (executor: Executor) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Reads a SELECT without parameters in batches, through a cursor of the database, as of the moment it began. */
  cursor<R extends object = Row>(sql: string, options: CursorOptions): AsyncGenerator<R[], void, undefined>
  /** A vector in the form that this connection sends fastest for a parameter of type vector. */
  vector(values: VectorLike): unknown
  /** Ends the connections that the library opened; waits for statements under way. */
  close(): Promise<void>
}

/** BEGIN with the options of a transaction. */
export function beginStatement({ isolation, readOnly }: TransactionOptions): string {
  return `begin${isolation === undefined ? "" : ` isolation level ${isolation}`}${readOnly === true ? " read only" : ""}`
}

/** 22023 unless it is a whole number of at least 1. */
export function checkBatchSize(batchSize: number): void {
  if (Number.isSafeInteger(batchSize) && batchSize >= 1) return
  throw errorOf("22023", `expected a batchSize of at least 1, got ${batchSize}`)
}

let cursors = 0

/** Declares a cursor, fetches from it until it is empty or the reader stops, and closes it. `hold` outlives the transaction. */
export async function* readCursor<R extends object>(
  executor: Pick<Executor, "query">,
  sql: string,
  { batchSize, signal }: CursorOptions,
  hold = false,
): AsyncGenerator<R[], void, undefined> {
  checkBatchSize(batchSize)
  const name = `penstock_cursor_${cursors++}`
  await executor.query(`declare ${name} no scroll cursor ${hold ? "with hold " : ""}for ${sql}`, [], { signal })
  try {
    for (;;) {
      const rows = await executor.query<R>(`fetch ${batchSize} from ${name}`, [], { signal })
      if (rows.length > 0) yield rows
      if (rows.length < batchSize) return
    }
  } finally {
    // After an error the transaction has closed it already.
    await executor.query(`close ${name}`).catch(() => {})
  }
}
