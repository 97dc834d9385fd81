/** A PGlite with the language plv8, and short ways to ask it. */
import { PGlite } from "@electric-sql/pglite"
import { plv8 } from "../../../host/pglite/index.ts"

export interface SqlFailure {
  readonly code: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
  readonly where?: string
}

export interface Database {
  readonly pg: PGlite
  exec(sql: string): Promise<void>
  /** The first column of the first row. */
  value(sql: string, parameters?: unknown[]): Promise<unknown>
  /** The error of a statement that has to fail. */
  error(sql: string): Promise<SqlFailure>
  /** Runs JavaScript as a function's body and gives its result as JSON. */
  js(body: string): Promise<unknown>
  close(): Promise<void>
}

export async function openPglite(): Promise<Database> {
  const pg = await PGlite.create({ extensions: { plv8 } })
  await pg.exec("create extension plv8")
  const value = async (sql: string, parameters: unknown[] = []) => {
    const { rows } = await pg.query<Record<string, unknown>>(sql, parameters)
    return Object.values(rows[0] ?? {})[0]
  }
  return {
    pg,
    value,
    exec: async (sql) => void (await pg.exec(sql)),
    error: async (sql) => {
      try {
        await pg.exec(sql)
      } catch (error) {
        return error as SqlFailure
      }
      throw new Error(`expected an error from ${sql}`)
    },
    js: async (body) => {
      await pg.exec(`create or replace function pg_temp.js() returns jsonb language plv8 as $js$${body}$js$`)
      return value("select pg_temp.js()")
    },
    close: () => pg.close(),
  }
}
