import type { PGlite } from "@electric-sql/pglite"
import { openPglite } from "./pglite-backend.ts"
import { openServer } from "./server-backend.ts"

/** A row as an object, one property for each column. */
export type Row = Record<string, unknown>

/** How a statement failed. */
export interface SqlFailure {
  /** SQLSTATE. */
  code: string
  message: string
  detail: string | undefined
  hint: string | undefined
}

/** A database with pgvector, plv8 and everything of ours installed, for one test file. */
export interface Database {
  readonly backend: "pglite" | "server"
  /** How a client library reaches it. */
  readonly target: Target
  /** Runs one statement. Arrays are for array parameters; give a JSON array as its text. */
  query<R extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<R[]>
  /** First column of the first row; undefined when there is no row. */
  value<T = unknown>(sql: string, params?: readonly unknown[]): Promise<T>
  /** Runs a statement that must fail, and says how it did. */
  error(sql: string, params?: readonly unknown[]): Promise<SqlFailure>
  /** Runs any number of statements without parameters. */
  exec(sql: string): Promise<void>
  close(): Promise<void>
}

export type Target = { pglite: PGlite } | { connectionString: string }

export interface OpenOptions {
  /** The server on which to make the database; default DATABASE_URL, else an embedded one. */
  url?: string | undefined
  /** Without our own objects: an empty database with the two extensions available. Default false. */
  empty?: boolean
}

/**
 * Opens a fresh database: an embedded one, or, when DATABASE_URL is set, a new database on
 * that server. A template is built once for all test files that see the same sources.
 */
export const openDatabase = async (options: OpenOptions = {}): Promise<Database> => {
  const url = options.url ?? process.env.DATABASE_URL
  const connection = url === undefined ? await openPglite(options) : await openServer(url, options)
  return {
    backend: connection.backend,
    target: connection.target,
    query: async <R extends Row>(sql: string, params: readonly unknown[] = []) => {
      const { columns, rows } = await connection.run(sql, params)
      return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]]))) as R[]
    },
    value: async <T>(sql: string, params: readonly unknown[] = []) =>
      (await connection.run(sql, params)).rows[0]?.[0] as T,
    error: async (sql, params = []) => {
      try {
        await connection.run(sql, params)
      } catch (error) {
        const { code = "", message = "", detail, hint } = error as Partial<SqlFailure>
        if (code === "") throw error
        return { code, message, detail, hint }
      }
      throw new Error(`expected an SQL error, but this succeeded: ${sql}`)
    },
    exec: connection.exec,
    close: connection.close,
  }
}

/** What a backend provides. */
export interface Connection {
  readonly backend: "pglite" | "server"
  readonly target: Target
  readonly run: (sql: string, params: readonly unknown[]) => Promise<{ columns: string[]; rows: unknown[][] }>
  readonly exec: (sql: string) => Promise<void>
  readonly close: () => Promise<void>
}
