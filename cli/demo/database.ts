/** The few ways in which the demonstration talks to the embedded database. */
import type { PGlite } from "@electric-sql/pglite"
import { type Report, report } from "../lib/errors.ts"

export type Row = Record<string, unknown>

export class Session {
  private readonly database: PGlite

  constructor(database: PGlite) {
    this.database = database
  }

  async rows<R extends Row = Row>(sql: string, params: unknown[] = []): Promise<R[]> {
    return (await this.database.query<R>(sql, params)).rows
  }

  /** First column of the first row. */
  async value<T>(sql: string, params: unknown[] = []): Promise<T> {
    const [row] = await this.rows(sql, params)
    return Object.values(row ?? {})[0] as T
  }

  async run(sql: string): Promise<void> {
    await this.database.exec(sql)
  }

  /** Runs a statement that should be refused; null when it was not. */
  async refusal(sql: string, params: unknown[] = []): Promise<Report | null> {
    try {
      await this.database.query(sql, params)
      return null
    } catch (error) {
      return report(error)
    }
  }

  /** Runs statements and takes everything they did back. */
  async withRollback<T>(work: () => Promise<T>): Promise<T> {
    await this.run("begin")
    try {
      return await work()
    } finally {
      await this.run("rollback")
    }
  }
}
