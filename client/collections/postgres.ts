/** Collections in a database: every method is one call of a function of the schema penstock. */
import { errorOf } from "../errors.ts"
import type { Executor, QueryOptions, VectorLike } from "../sql/executor.ts"
import { arrayText, readVector, vectorText } from "../sql/values.ts"
import type {
  Collection,
  CollectionInfo,
  CreateOptions,
  Filter,
  IndexKind,
  Match,
  Metadata,
  NewRow,
  RowsOptions,
  SearchOptions,
  Stats,
  Store,
  StoredRow,
} from "./collection.ts"

interface VectorRow {
  id: string
  vector: string
  metadata: Metadata | null
}

const stored = ({ id, vector, metadata }: VectorRow): StoredRow => ({
  id,
  vector: readVector(vector),
  metadata: metadata ?? {},
})
const match = ({ id, distance, similarity, metadata }: Match): Match => ({
  id,
  distance,
  similarity,
  metadata: metadata ?? {},
})
const json = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value))

const INFO = "select name, dimensions, metric, vector_type as storage, index_kind as index from penstock.collections"

class PostgresCollection implements Collection {
  readonly name: string
  readonly #executor: Executor

  constructor(executor: Executor, name: string) {
    this.#executor = executor
    this.name = name
  }

  /** The first column of the one row that a function returns. */
  async #value<T>(sql: string, values: readonly unknown[], options: QueryOptions): Promise<T> {
    const [row] = await this.#executor.query<{ value: T }>(`select ${sql} as value`, values, options)
    return (row as { value: T }).value
  }

  async upsert(rows: readonly NewRow[], options: QueryOptions = {}): Promise<number> {
    return this.#value(
      "penstock.upsert_many($1, $2, $3, $4)",
      [
        this.name,
        arrayText(rows.map(({ id }) => id)),
        arrayText(rows.map(({ vector }) => vectorText(vector))),
        arrayText(rows.map(({ metadata }) => JSON.stringify(metadata ?? {}))),
      ],
      options,
    )
  }

  #searchValues({ k = 10, threshold, filter, efSearch, probes, exact = false }: SearchOptions): unknown[] {
    return [k, threshold ?? null, json(filter), efSearch ?? null, probes ?? null, exact]
  }

  async search(query: VectorLike, options: SearchOptions = {}): Promise<Match[]> {
    const values = [this.name, this.#executor.vector(query), ...this.#searchValues(options)]
    const rows = await this.#executor.query<Match>(
      "select * from penstock.search($1, $2, $3, $4, $5, $6, $7, $8)",
      values,
      options,
    )
    return rows.map(match)
  }

  async searchMany(queries: readonly VectorLike[], options: SearchOptions = {}): Promise<Match[][]> {
    const values = [this.name, arrayText(queries.map(vectorText)), ...this.#searchValues(options)]
    const rows = await this.#executor.query<Match & { query: number }>(
      "select * from penstock.search_many($1, $2, $3, $4, $5, $6, $7, $8)",
      values,
      options,
    )
    const lists = queries.map((): Match[] => [])
    for (const row of rows) lists[row.query - 1]?.push(match(row))
    return lists
  }

  async get(ids: readonly string[], options: QueryOptions = {}): Promise<StoredRow[]> {
    const sql = "select id, vector, metadata from penstock.get($1, variadic $2)"
    return (await this.#executor.query<VectorRow>(sql, [this.name, arrayText(ids)], options)).map(stored)
  }

  delete(ids: readonly string[], options: QueryOptions = {}): Promise<number> {
    return this.#value("penstock.delete($1, variadic $2)", [this.name, arrayText(ids)], options)
  }

  count(filter?: Filter, options: QueryOptions = {}): Promise<number> {
    return this.#value("penstock.count($1, $2)", [this.name, json(filter)], options)
  }

  async *rows({ filter, batchSize = 1000, signal }: RowsOptions = {}): AsyncGenerator<StoredRow> {
    const statement = await this.#value<string>("penstock.rows_statement($1, $2)", [this.name, json(filter)], {
      signal,
    })
    for await (const batch of this.#executor.cursor<VectorRow>(statement, { batchSize, signal })) {
      for (const row of batch) yield stored(row)
    }
  }

  async info(options: QueryOptions = {}): Promise<CollectionInfo> {
    const [row] = await this.#executor.query<CollectionInfo>(`${INFO} where name = $1`, [this.name], options)
    if (row === undefined) throw errorOf("42704", `collection ${JSON.stringify(this.name)} does not exist`)
    return row
  }

  async stats(options: QueryOptions = {}): Promise<Stats> {
    const [row] = await this.#executor.query<Stats>(
      `select row_count as "rowCount", table_bytes as "tableBytes", index_bytes as "indexBytes", total_bytes as "totalBytes"
       from penstock.stats($1)`,
      [this.name],
      options,
    )
    return row as Stats
  }

  recall(
    options: { k?: number; sample?: number; efSearch?: number; probes?: number } & QueryOptions = {},
  ): Promise<number | null> {
    const { k = 10, sample = 100, efSearch, probes } = options
    return this.#value(
      "penstock.recall($1, $2, $3, $4, $5)",
      [this.name, k, sample, efSearch ?? null, probes ?? null],
      options,
    )
  }

  async buildIndex(
    index?: IndexKind,
    options: { m?: number; efConstruction?: number; lists?: number } & QueryOptions = {},
  ): Promise<void> {
    const { m, efConstruction, lists } = options
    const values = [this.name, index ?? null, m ?? null, efConstruction ?? null, lists ?? null]
    await this.#executor.query("select penstock.build_index($1, $2, $3, $4, $5)", values, options)
  }
}

export class PostgresStore implements Store {
  readonly backend = "postgres"
  readonly #executor: Executor

  constructor(executor: Executor) {
    this.#executor = executor
  }

  async createCollection(name: string, dimensions: number, options: CreateOptions = {}): Promise<Collection> {
    const { metric = "cosine", index = "hnsw", m = 16, efConstruction = 64, lists, storage, partitions = 0 } = options
    await this.#executor.query(
      `select penstock.create_collection($1, $2, metric => $3, index => $4, m => $5, ef_construction => $6,
         lists => $7, storage => $8, partitions => $9)`,
      [name, dimensions, metric, index, m, efConstruction, lists ?? null, storage ?? null, partitions],
      options,
    )
    return this.collection(name)
  }

  collection(name: string): Collection {
    return new PostgresCollection(this.#executor, name)
  }

  collections(options: QueryOptions = {}): Promise<CollectionInfo[]> {
    return this.#executor.query<CollectionInfo>(`${INFO} order by name`, [], options)
  }

  async dropCollection(name: string, options: QueryOptions = {}): Promise<void> {
    await this.#executor.query("select penstock.drop_collection($1)", [name], options)
  }

  close(): Promise<void> {
    return this.#executor.close()
  }
}
