/** SQLite files, read without a compiler: SQLite in WebAssembly, on a copy of the file in memory. */
import { existsSync, readFileSync, statSync } from "node:fs"
import type { Database, SqlValue } from "sql.js"
import { CommandError } from "../lib/errors.ts"

export type SqliteRow = Readonly<Record<string, SqlValue>>

export interface SqliteFile {
  /** Names of the columns of a table; none when there is no such table. */
  columns(table: string): readonly string[]
  count(table: string): number
  /** All rows in the order in which they were inserted, `rowid` included. */
  rows(table: string): Generator<SqliteRow>
  /** Rows of a statement of ours. */
  select(sql: string, values?: readonly SqlValue[]): SqliteRow[]
  close(): void
}

const MAGIC = "SQLite format 3\0"
/** Where the header says which journal the file uses: 1 rollback, 2 write-ahead log (sqlite.org/fileformat2.html, 1.3). */
const WRITE_VERSION = 18
const READ_VERSION = 19

function readCopy(path: string): Uint8Array {
  if (!existsSync(path)) throw new CommandError(`there is no file ${path}`, { code: "58P01" })
  const size = statSync(path).size
  if (size > 2 ** 31 - 1) {
    throw new CommandError(`${path} has ${size} bytes; at most 2 GiB can be read`, { code: "54000" })
  }
  const bytes = readFileSync(path)
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw new CommandError(`${path} is no SQLite database, or an encrypted one`, {
      code: "22023",
      hint: "decrypt it first: sqlcipher_export() writes a plain copy",
    })
  }
  const log = `${path}-wal`
  if (existsSync(log) && statSync(log).size > 0) {
    throw new CommandError(`${path} has changes in ${log} that are not in the file yet`, {
      code: "55006",
      hint: `stop the program that uses it, then: sqlite3 ${path} 'pragma wal_checkpoint(truncate)'`,
    })
  }
  // With an empty log the file is whole; in memory there is no place for a log.
  bytes[WRITE_VERSION] = 1
  bytes[READ_VERSION] = 1
  return bytes
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

class File implements SqliteFile {
  readonly #database: Database
  readonly #columns = new Map<string, readonly string[]>()

  constructor(database: Database) {
    this.#database = database
  }

  columns(table: string): readonly string[] {
    const known = this.#columns.get(table)
    if (known !== undefined) return known
    const names = this.select("select name from pragma_table_info(?)", [table]).map(({ name }) => String(name))
    this.#columns.set(table, names)
    return names
  }

  count(table: string): number {
    return Number(this.select(`select count(*) as n from ${quoted(table)}`)[0]?.["n"])
  }

  *rows(table: string): Generator<SqliteRow> {
    const statement = this.#database.prepare(`select rowid, * from ${quoted(table)} order by rowid`)
    try {
      while (statement.step()) yield statement.getAsObject()
    } finally {
      statement.free()
    }
  }

  select(sql: string, values: readonly SqlValue[] = []): SqliteRow[] {
    const statement = this.#database.prepare(sql, [...values])
    const rows: SqliteRow[] = []
    try {
      while (statement.step()) rows.push(statement.getAsObject())
    } finally {
      statement.free()
    }
    return rows
  }

  close(): void {
    this.#database.close()
  }
}

/** Opens a copy of the file; the file itself is only read. Errors: 58P01, 22023, 54000, 55006. */
export async function openSqlite(path: string): Promise<SqliteFile> {
  const bytes = readCopy(path)
  // Loaded here, because no other subcommand needs it.
  const { default: initialise } = await import("sql.js")
  const sqlite = await initialise()
  const file = new File(new sqlite.Database(bytes))
  try {
    file.select("select count(*) from sqlite_master")
  } catch (error) {
    file.close()
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`, { code: "22023" })
  }
  return file
}
