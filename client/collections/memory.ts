/** Collections in this process: every search is exact. For tests, and to move into a database gradually. */
import { errorOf } from "../errors.ts"
import { checkBatchSize, type QueryOptions, type VectorLike } from "../sql/executor.ts"
import { checkVector } from "../sql/values.ts"
import {
  type Collection,
  type CollectionInfo,
  type CreateOptions,
  type Filter,
  type IndexKind,
  type Match,
  type Metadata,
  type NewRow,
  type RowsOptions,
  type SearchOptions,
  type Stats,
  type Store,
  type StoredRow,
} from "./collection.ts"
import { distances, isZero, similarityOf } from "./distance.ts"
import { filterCondition } from "./filter.ts"
import { toHalf } from "./half.ts"

interface Content extends CollectionInfo {
  readonly rows: Map<string, StoredRow>
  indexed: boolean
}

const invalid = (message: string) => errorOf("22023", message)

function checkAbort(options: QueryOptions): void {
  if (options.signal?.aborted === true)
    throw errorOf("57014", "cancelled by the caller", { cause: options.signal.reason })
}

function checkRange(name: string, value: number | undefined, maximum: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= maximum)) return
  throw invalid(`expected ${name} from 1 to ${maximum}, got ${value}`)
}

/** What the database would store of a vector: float4, or half precision. */
function rounded(vector: VectorLike, { dimensions, storage, metric }: CollectionInfo, what: string): Float32Array {
  checkVector(vector)
  if (vector.length !== dimensions) throw invalid(`${what}: expected ${dimensions} dimensions, got ${vector.length}`)
  const stored = Float32Array.from(vector)
  if (metric === "cosine" && isZero(stored)) {
    throw invalid(`${what}: expected a vector with a direction, got only zeros, which cosine cannot compare`)
  }
  return storage === "halfvec" ? stored.map(toHalf) : stored
}

function newMetadata(metadata: Metadata | undefined): Metadata {
  const copy = JSON.parse(JSON.stringify(metadata ?? {})) as unknown
  if (typeof copy !== "object" || copy === null || Array.isArray(copy)) {
    throw errorOf("23514", "expected metadata that is a JSON object")
  }
  return copy as Metadata
}

function checkId(id: string): void {
  if (id.includes("\0")) throw errorOf("22021", "expected an id without NUL characters")
  const bytes = Buffer.byteLength(id)
  if (bytes < 1 || bytes > 1024) throw errorOf("23514", `expected an id of 1 to 1024 bytes, got ${bytes}`)
}

class MemoryCollection implements Collection {
  readonly name: string
  readonly #find: () => Content

  constructor(name: string, find: () => Content) {
    this.name = name
    this.#find = find
  }

  #content(options: QueryOptions): Content {
    checkAbort(options)
    return this.#find()
  }

  async upsert(rows: readonly NewRow[], options: QueryOptions = {}): Promise<number> {
    const content = this.#content(options)
    if (rows.length === 0) throw invalid("expected at least one row, got an empty batch")
    const batch = new Map<string, StoredRow>()
    for (const [i, { id, vector, metadata }] of rows.entries()) {
      if (id == null || vector == null) throw errorOf("22004", `row ${i + 1}: expected an id and a vector, got NULL`)
      if (batch.has(id))
        throw errorOf("21000", `row ${i + 1}: expected each id once in a batch, got ${JSON.stringify(id)} twice`)
      batch.set(id, { id, vector: rounded(vector, content, `row ${i + 1}`), metadata: newMetadata(metadata) })
    }
    for (const id of batch.keys()) checkId(id)
    for (const row of batch.values()) content.rows.set(row.id, row)
    return batch.size
  }

  async search(query: VectorLike, options: SearchOptions = {}): Promise<Match[]> {
    const content = this.#content(options)
    const { k = 10, threshold = -Infinity, filter, efSearch, probes } = options
    if (!Number.isInteger(k) || k < 1) throw invalid(`expected k of at least 1, got ${k}`)
    checkRange("efSearch", efSearch, 1000)
    checkRange("probes", probes, 32_768)
    const condition = filterCondition(filter)
    const wanted = rounded(query, content, "query")
    const distance = distances[content.metric]
    return [...content.rows.values()]
      .filter(({ metadata }) => condition(metadata))
      .map(({ id, vector, metadata }) => ({
        id,
        distance: distance(vector, wanted),
        metadata: structuredClone(metadata),
      }))
      .filter(({ distance }) => !Number.isNaN(distance))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, k)
      .map((row) => ({ ...row, similarity: similarityOf(content.metric, row.distance) }))
      .filter(({ similarity }) => similarity >= threshold)
  }

  async searchMany(queries: readonly VectorLike[], options: SearchOptions = {}): Promise<Match[][]> {
    if (queries.length === 0) throw invalid("expected at least one query, got none")
    return Promise.all(queries.map((query) => this.search(query, options)))
  }

  async get(ids: readonly string[], options: QueryOptions = {}): Promise<StoredRow[]> {
    const { rows } = this.#content(options)
    const found = [...new Set(ids)].map((id) => rows.get(id))
    return found.filter((row) => row !== undefined).map((row) => structuredClone(row))
  }

  async delete(ids: readonly string[], options: QueryOptions = {}): Promise<number> {
    const { rows } = this.#content(options)
    return ids.filter((id) => rows.delete(id)).length
  }

  async count(filter?: Filter, options: QueryOptions = {}): Promise<number> {
    const { rows } = this.#content(options)
    const condition = filterCondition(filter)
    return [...rows.values()].filter(({ metadata }) => condition(metadata)).length
  }

  async *rows({ filter, batchSize = 1000, signal }: RowsOptions = {}): AsyncGenerator<StoredRow> {
    const { rows } = this.#content({ signal })
    checkBatchSize(batchSize)
    const condition = filterCondition(filter)
    for (const row of [...rows.values()].filter(({ metadata }) => condition(metadata))) {
      checkAbort({ signal })
      yield structuredClone(row)
    }
  }

  async info(options: QueryOptions = {}): Promise<CollectionInfo> {
    const { name, dimensions, metric, storage, index } = this.#content(options)
    return { name, dimensions, metric, storage, index }
  }

  async stats(options: QueryOptions = {}): Promise<Stats> {
    return { rowCount: this.#content(options).rows.size, tableBytes: null, indexBytes: null, totalBytes: null }
  }

  async recall(options: { k?: number; sample?: number } & QueryOptions = {}): Promise<number | null> {
    const { k = 10, sample = 100 } = options
    if (!(k >= 1) || !(sample >= 1))
      throw invalid(`expected k and sample of at least 1, got k ${k} and sample ${sample}`)
    return this.#content(options).rows.size === 0 ? null : 1
  }

  async buildIndex(index?: IndexKind, options: QueryOptions = {}): Promise<void> {
    const content = this.#content(options)
    const kind = index ?? content.index
    checkIndex(content.storage, content.dimensions, content.metric, kind)
    if (kind === "none") throw invalid(`expected the kind of index to build, for collection ${content.name} has none`)
    if (content.indexed) throw errorOf("42710", `collection ${content.name} already has an index`)
    if (kind === "ivfflat" && content.rows.size === 0) {
      throw errorOf("55000", `expected rows in collection ${content.name} before an IVFFlat index, got none`)
    }
    content.index = kind
    content.indexed = true
  }
}

/** The pairs that pgvector has; the database refuses the others with the same code. */
function checkIndex(storage: string, dimensions: number, metric: string, index: string): void {
  if (!["cosine", "l2", "ip", "l1"].includes(metric)) throw invalid(`expected a metric, got ${metric}`)
  if (!["hnsw", "ivfflat", "none"].includes(index)) throw invalid(`expected a kind of index, got ${index}`)
  if (!["vector", "halfvec"].includes(storage)) throw invalid(`expected storage vector or halfvec, got ${storage}`)
  if (index === "ivfflat" && metric === "l1") throw invalid("expected a metric that IVFFlat has, got l1")
  const most = storage === "vector" ? 2000 : 4000
  if (index !== "none" && dimensions > most) {
    throw invalid(`expected at most ${most} dimensions for an index on ${storage}, got ${dimensions}`)
  }
}

export class MemoryStore implements Store {
  readonly backend = "memory"
  readonly #contents = new Map<string, Content>()

  #find(name: string): Content {
    const content = this.#contents.get(name)
    if (content === undefined) throw errorOf("42704", `collection ${JSON.stringify(name)} does not exist`)
    return content
  }

  async createCollection(name: string, dimensions: number, options: CreateOptions = {}): Promise<Collection> {
    checkAbort(options)
    const { metric = "cosine", index = "hnsw" } = options
    if (!/^[A-Za-z_][A-Za-z0-9_.:-]{0,62}$/.test(name))
      throw errorOf("42602", `expected a name for the collection, got ${name}`)
    if (this.#contents.has(name)) throw errorOf("42710", `collection ${JSON.stringify(name)} already exists`)
    if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > 16_000) {
      throw invalid(`expected 1 to 16000 dimensions, got ${dimensions}`)
    }
    const storage = options.storage ?? (dimensions > 2000 ? "halfvec" : "vector")
    checkIndex(storage, dimensions, metric, index)
    this.#contents.set(name, { name, dimensions, metric, storage, index, rows: new Map(), indexed: index === "hnsw" })
    return this.collection(name)
  }

  collection(name: string): Collection {
    return new MemoryCollection(name, () => this.#find(name))
  }

  async collections(options: QueryOptions = {}): Promise<CollectionInfo[]> {
    checkAbort(options)
    const names = [...this.#contents.keys()].sort()
    return Promise.all(names.map((name) => this.collection(name).info()))
  }

  async dropCollection(name: string, options: QueryOptions = {}): Promise<void> {
    checkAbort(options)
    this.#find(name)
    this.#contents.delete(name)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
