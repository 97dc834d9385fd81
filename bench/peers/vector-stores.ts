/** Stores and libraries from npm that search vectors, each filled with the same ones. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadPeer } from "../lib/npm-peer.ts"

export interface VectorPeer {
  readonly name: string
  /** A promise, where the peer works in the background. */
  search(this: void, query: Float32Array): unknown
  close(): void
}

type Opened = VectorPeer | { name: string; why: string }

interface Hnswlib {
  HierarchicalNSW: new (
    metric: string,
    dimensions: number,
  ) => {
    initIndex(count: number, m: number, efConstruction: number, seed: number): void
    addPoint(point: number[], label: number): void
    setEf(ef: number): void
    searchKnn(query: number[], k: number): unknown
  }
}

interface Usearch {
  Index: new (
    options: object,
  ) => {
    add(keys: BigUint64Array, vectors: Float32Array, threads?: number): void
    search(query: Float32Array, k: number, threads?: number): unknown
  }
}

interface Sqlite {
  new (
    path: string,
  ): {
    exec(sql: string): void
    prepare(sql: string): { run(...values: unknown[]): void; all(...values: unknown[]): unknown }
    transaction<T>(work: () => T): () => T
    close(): void
  }
}

interface Lance {
  connect(path: string): Promise<{
    createTable(
      name: string,
      rows: object[],
    ): Promise<{
      add(rows: object[]): Promise<void>
      createIndex(column: string, options?: object): Promise<void>
      search(query: number[]): { limit(k: number): { toArray(): Promise<unknown[]> } }
    }>
  }>
  Index: { hnswSq(options: object): unknown }
}

const k = 10
const efSearch = 100

async function open(name: string, fill: () => Promise<VectorPeer | { why: string }>): Promise<Opened> {
  try {
    const peer = await fill()
    return "why" in peer ? { name, why: peer.why } : peer
  } catch (error) {
    return { name, why: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) }
  }
}

/** All of them; one that is missing or fails says why. */
export const openVectorPeers = async (vectors: readonly Float32Array[], dimensions: number): Promise<Opened[]> => [
  await open("hnswlib-node", async () => {
    const peer = await loadPeer<Hnswlib>("hnswlib-node")
    if ("why" in peer) return peer
    const index = new peer.module.HierarchicalNSW("cosine", dimensions)
    index.initIndex(vectors.length, 16, 64, 1)
    vectors.forEach((vector, i) => index.addPoint([...vector], i))
    index.setEf(efSearch)
    return { name: `hnswlib-node ${peer.version}`, search: (query) => index.searchKnn([...query], k), close: () => {} }
  }),
  await open("usearch", async () => {
    const peer = await loadPeer<Usearch>("usearch")
    if ("why" in peer) return peer
    const index = new peer.module.Index({
      metric: "cos",
      dimensions,
      connectivity: 16,
      expansion_add: 64,
      expansion_search: efSearch,
      quantization: "f16",
    })
    for (const [i, vector] of vectors.entries()) index.add(BigUint64Array.of(BigInt(i)), vector)
    return { name: `usearch ${peer.version}`, search: (query) => index.search(query, k, 1), close: () => {} }
  }),
  await open("sqlite-vec", async () => {
    const sqlite = await loadPeer<Sqlite>("better-sqlite3")
    if ("why" in sqlite) return sqlite
    const peer = await loadPeer<{ load(db: unknown): void }>("sqlite-vec")
    if ("why" in peer) return peer
    const db = new sqlite.module(":memory:")
    peer.module.load(db)
    db.exec(`create virtual table memories using vec0(embedding float[${dimensions}] distance_metric=cosine)`)
    const insert = db.prepare("insert into memories (embedding) values (?)")
    db.transaction(() =>
      vectors.forEach((vector) => insert.run(Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength))),
    )()
    const select = db.prepare(`select rowid, distance from memories where embedding match ? and k = ${k}`)
    return {
      name: `sqlite-vec ${peer.version} (exact)`,
      search: (query) => select.all(Buffer.from(query.buffer, query.byteOffset, query.byteLength)),
      close: () => db.close(),
    }
  }),
  await open("LanceDB", async () => {
    const peer = await loadPeer<Lance>("@lancedb/lancedb")
    if ("why" in peer) return peer
    const folder = mkdtempSync(join(tmpdir(), "penstock-lance-"))
    const connection = await peer.module.connect(folder)
    const rowsOf = (first: number) =>
      vectors.slice(first, first + 5000).map((vector, i) => ({ id: first + i, vector: [...vector] }))
    const table = await connection.createTable("memories", rowsOf(0))
    for (let first = 5000; first < vectors.length; first += 5000) await table.add(rowsOf(first))
    await table.createIndex("vector", {
      config: peer.module.Index.hnswSq({ distanceType: "cosine", m: 16, efConstruction: 64 }),
    })
    return {
      name: `LanceDB ${peer.version} (HNSW-SQ)`,
      search: (query) =>
        table
          .search([...query])
          .limit(k)
          .toArray(),
      close: () => rmSync(folder, { recursive: true, force: true }),
    }
  }),
]
