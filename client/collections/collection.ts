/** One interface for a collection, whichever backend holds it. */
import type { QueryOptions, VectorLike } from "../sql/executor.ts"

export type Metric = "cosine" | "l2" | "ip" | "l1"
export type IndexKind = "hnsw" | "ivfflat" | "none"

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }
export type Metadata = { readonly [key: string]: Json | undefined }

/**
 * A condition on metadata: {"year": {"$gte": 2020}, "lang": "en"}. Operators $eq, $ne, $in, $gt, $gte, $lt, $lte, $exists,
 * $contains, $and, $or, $not; an object without an operator goes down to its keys.
 */
export type Filter = Metadata

export interface NewRow {
  id: string
  vector: VectorLike
  /** Default {}. */
  metadata?: Metadata
}

export interface StoredRow {
  id: string
  vector: Float32Array
  metadata: Metadata
}

export interface Match {
  id: string
  /** As pgvector measures: cosine 1 - cos, l2 and l1 the length, ip the negative inner product. */
  distance: number
  /** 1 - distance for cosine, the inner product for ip, 1 / (1 + distance) for l2 and l1. */
  similarity: number
  metadata: Metadata
}

export interface SearchOptions extends QueryOptions {
  /** Rows to return; default 10. Fewer come back only when fewer match. */
  k?: number
  /** Least similarity. */
  threshold?: number
  filter?: Filter
  /** Breadth of an HNSW scan for this call, 1 to 1000. */
  efSearch?: number
  /** Lists that an IVFFlat scan visits for this call. */
  probes?: number
  /** Ignores the vector index. */
  exact?: boolean
}

export interface CreateOptions extends QueryOptions {
  /** Default cosine. */
  metric?: Metric
  /** Default hnsw. An ivfflat index is built after the load, with buildIndex. */
  index?: IndexKind
  m?: number
  efConstruction?: number
  lists?: number
  /** Default vector up to 2000 dimensions and halfvec above. */
  storage?: "vector" | "halfvec"
  /** Hash partitions; default none. */
  partitions?: number
}

export interface CollectionInfo {
  name: string
  dimensions: number
  metric: Metric
  storage: "vector" | "halfvec"
  index: IndexKind
}

export interface Stats {
  rowCount: number
  /** Bytes; null where the backend has none to tell, or row security hides them. */
  tableBytes: number | null
  indexBytes: number | null
  totalBytes: number | null
}

export interface RowsOptions extends QueryOptions {
  filter?: Filter
  /** Rows fetched at a time; default 1000. */
  batchSize?: number
}

/** Every method fails with a PenstockError that carries a SQLSTATE; nothing is written then. */
export interface Collection {
  readonly name: string
  /** Inserts rows, or replaces those whose id exists: all or none. Returns how many were written. */
  upsert(rows: readonly NewRow[], options?: QueryOptions): Promise<number>
  /** The nearest rows, nearest first. */
  search(query: VectorLike, options?: SearchOptions): Promise<Match[]>
  /** One list of matches for each query, in one call. */
  searchMany(queries: readonly VectorLike[], options?: SearchOptions): Promise<Match[][]>
  /** Rows by id, in the order asked for; an id that is not there gives no row. */
  get(ids: readonly string[], options?: QueryOptions): Promise<StoredRow[]>
  /** Deletes by id; returns how many there were. */
  delete(ids: readonly string[], options?: QueryOptions): Promise<number>
  count(filter?: Filter, options?: QueryOptions): Promise<number>
  /** Every row that matches, in batches, as of the moment it began. In no particular order. */
  rows(options?: RowsOptions): AsyncIterable<StoredRow>
  info(options?: QueryOptions): Promise<CollectionInfo>
  stats(options?: QueryOptions): Promise<Stats>
  /** Share of the true k nearest that a search finds, over a random sample of stored vectors; null when empty. */
  recall(
    options?: { k?: number; sample?: number; efSearch?: number; probes?: number } & QueryOptions,
  ): Promise<number | null>
  buildIndex(
    index?: IndexKind,
    options?: { m?: number; efConstruction?: number; lists?: number } & QueryOptions,
  ): Promise<void>
}

/** Where collections live. */
export interface Store {
  readonly backend: "postgres" | "memory"
  createCollection(name: string, dimensions: number, options?: CreateOptions): Promise<Collection>
  /** A collection by name; nothing is asked of the database until it is used. */
  collection(name: string): Collection
  collections(options?: QueryOptions): Promise<CollectionInfo[]>
  /** Drops a collection with all its rows. */
  dropCollection(name: string, options?: QueryOptions): Promise<void>
  /** Waits for what is under way and ends the connections that the library opened. */
  close(): Promise<void>
}
