/** Other vector stores on the same vectors. All run inside this process: no round trip to a server is in their figures. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PGlite } from "@electric-sql/pglite"
import { vector as pgvector } from "@electric-sql/pglite-pgvector"
import { loadPeer } from "./npm-peer.ts"

export interface VectorPeer {
  name: string
  buildMs: number
  /** Rows that it holds, where it cannot hold all. */
  rows: number
  /** Numbers of the k nearest rows. `effort` is what it calls breadth of search (ef); exact stores ignore it. */
  search(query: Float32Array, k: number, effort: number): Promise<number[]> | number[]
  exact?: boolean
  close(): Promise<void> | void
}

export type PeerMaker = (vectors: readonly Float32Array[]) => Promise<VectorPeer | { name: string; why: string }>

const M = 16
const EF_CONSTRUCTION = 64

interface UsearchIndex {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void
  search(vector: Float32Array, k: number, threads: number): { keys: BigUint64Array }
  save(path: string): void
  load(path: string): void
}

const usearch: PeerMaker = async (vectors) => {
  const loaded = await loadPeer<{ Index: new (options: object) => UsearchIndex }>("usearch")
  if ("why" in loaded) return { name: "usearch", why: loaded.why }
  const { Index } = loaded.module
  const dimensions = vectors[0]?.length ?? 0
  const make = (effort: number) =>
    new Index({
      metric: "cos",
      quantization: "f32",
      dimensions,
      connectivity: M,
      expansion_add: EF_CONSTRUCTION,
      expansion_search: effort,
    })
  const started = performance.now()
  const index = make(64)
  for (let first = 0; first < vectors.length; first += 1000) {
    const part = vectors.slice(first, first + 1000)
    const flat = new Float32Array(part.length * dimensions)
    for (const [i, vector] of part.entries()) flat.set(vector, i * dimensions)
    index.add(
      BigUint64Array.from(part, (_, i) => BigInt(first + i)),
      flat,
      1,
    )
  }
  const buildMs = performance.now() - started
  const folder = mkdtempSync(join(tmpdir(), "penstock-usearch-"))
  index.save(join(folder, "index"))
  // The breadth is fixed when an index is opened.
  const opened = new Map<number, UsearchIndex>()
  return {
    name: `usearch ${loaded.version}`,
    buildMs,
    rows: vectors.length,
    search(query, k, effort) {
      let found = opened.get(effort)
      if (found === undefined) {
        opened.clear()
        found = make(effort)
        found.load(join(folder, "index"))
        opened.set(effort, found)
      }
      return Array.from(found.search(query, k, 1).keys, Number)
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

interface HnswlibIndex {
  initIndex(size: number, m: number, efConstruction: number, seed: number): void
  addPoint(vector: number[], label: number): void
  setEf(ef: number): void
  searchKnn(query: number[], k: number): { neighbors: number[] }
}

const hnswlib: PeerMaker = async (vectors) => {
  const loaded = await loadPeer<{ HierarchicalNSW: new (space: string, dimensions: number) => HnswlibIndex }>(
    "hnswlib-node",
  )
  if ("why" in loaded) return { name: "hnswlib-node", why: loaded.why }
  const index = new loaded.module.HierarchicalNSW("cosine", vectors[0]?.length ?? 0)
  const started = performance.now()
  index.initIndex(vectors.length, M, EF_CONSTRUCTION, 1)
  for (const [i, vector] of vectors.entries()) index.addPoint(Array.from(vector), i)
  return {
    name: `hnswlib-node ${loaded.version}`,
    buildMs: performance.now() - started,
    rows: vectors.length,
    search(query, k, effort) {
      index.setEf(effort)
      return index.searchKnn(Array.from(query), k).neighbors
    },
    close: () => {},
  }
}

interface LanceQuery {
  distanceType(type: string): LanceQuery
  ef(ef: number): LanceQuery
  refineFactor(factor: number): LanceQuery
  select(columns: string[]): LanceQuery
  limit(k: number): LanceQuery
  toArray(): Promise<{ id: number }[]>
}
interface Lance {
  connect(path: string): Promise<{
    createTable(
      name: string,
      rows: object[],
    ): Promise<{
      add(rows: object[]): Promise<unknown>
      createIndex(column: string, options: object): Promise<void>
      search(vector: number[]): LanceQuery
    }>
  }>
  Index: { hnswSq(options: object): object }
}

const lancedb: PeerMaker = async (vectors) => {
  const loaded = await loadPeer<Lance>("@lancedb/lancedb")
  if ("why" in loaded) return { name: "LanceDB", why: loaded.why }
  const folder = mkdtempSync(join(tmpdir(), "penstock-lance-"))
  const rowsFrom = (first: number) =>
    vectors.slice(first, first + 5000).map((vector, i) => ({ id: first + i, vector: Array.from(vector) }))
  const started = performance.now()
  const database = await loaded.module.connect(folder)
  const table = await database.createTable("bench", rowsFrom(0))
  for (let first = 5000; first < vectors.length; first += 5000) await table.add(rowsFrom(first))
  await table.createIndex("vector", {
    config: loaded.module.Index.hnswSq({
      distanceType: "cosine",
      m: M,
      efConstruction: EF_CONSTRUCTION,
      numPartitions: 1,
    }),
  })
  return {
    name: `LanceDB ${loaded.version} (HNSW, 8-bit codes, refined)`,
    buildMs: performance.now() - started,
    rows: vectors.length,
    async search(query, k, effort) {
      const found = await table
        .search(Array.from(query))
        .distanceType("cosine")
        .ef(Math.max(effort, 20))
        .refineFactor(2)
        .select(["id", "_distance"])
        .limit(k)
        .toArray()
      return found.map(({ id }) => id)
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

interface Sqlite {
  exec(sql: string): void
  prepare(sql: string): { run(...values: unknown[]): void; all(...values: unknown[]): { rowid: number }[] }
  transaction(work: () => void): () => void
  close(): void
}

const sqliteVec: PeerMaker = async (vectors) => {
  const engine = await loadPeer<new (path: string) => Sqlite>("better-sqlite3")
  const extension = await loadPeer<{ load(database: Sqlite): void }>("sqlite-vec")
  if ("why" in engine) return { name: "sqlite-vec", why: `better-sqlite3: ${engine.why}` }
  if ("why" in extension) return { name: "sqlite-vec", why: extension.why }
  const database = new engine.module(":memory:")
  extension.module.load(database)
  const started = performance.now()
  database.exec(
    `create virtual table bench using vec0(vector float[${vectors[0]?.length ?? 0}] distance_metric=cosine)`,
  )
  const insert = database.prepare("insert into bench (rowid, vector) values (?, ?)")
  database.transaction(() => {
    for (const [i, vector] of vectors.entries())
      insert.run(BigInt(i), new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength))
  })()
  const nearest = database.prepare("select rowid from bench where vector match ? and k = ? order by distance")
  return {
    name: `sqlite-vec ${extension.version} (exact)`,
    buildMs: performance.now() - started,
    rows: vectors.length,
    exact: true,
    search: (query, k) =>
      nearest.all(new Uint8Array(query.buffer, query.byteOffset, query.byteLength), k).map(({ rowid }) => rowid),
    close: () => database.close(),
  }
}

/** PGlite keeps its data in the memory of a WebAssembly module: some of the rows are enough. */
const PGLITE_ROWS = 10_000

const pglite: PeerMaker = async (all) => {
  const vectors = all.slice(0, PGLITE_ROWS)
  const database = await PGlite.create({ extensions: { vector: pgvector } })
  const started = performance.now()
  await database.exec(
    `create extension vector; create table bench (id int primary key, vector vector(${vectors[0]?.length ?? 0}))`,
  )
  for (let first = 0; first < vectors.length; first += 500) {
    const values = vectors.slice(first, first + 500).map((vector, i) => `(${first + i},'[${vector.join(",")}]')`)
    await database.exec(`insert into bench values ${values.join(",")}`)
  }
  await database.exec("set maintenance_work_mem = '256MB'; create index on bench using hnsw (vector vector_cosine_ops)")
  return {
    name: `PGlite + pgvector, ${vectors.length} rows`,
    buildMs: performance.now() - started,
    rows: vectors.length,
    async search(query, k, effort) {
      await database.exec(`set hnsw.ef_search = ${effort}`)
      const { rows } = await database.query<{ id: number }>("select id from bench order by vector <=> $1 limit $2", [
        `[${query.join(",")}]`,
        k,
      ])
      return rows.map(({ id }) => id)
    },
    close: () => database.close(),
  }
}

export const vectorPeers: readonly PeerMaker[] = [usearch, hnswlib, lancedb, sqliteVec, pglite]
