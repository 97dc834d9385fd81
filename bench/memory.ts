/** Every figure of an agent's memory, as a role that row security binds. */
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { removeCluster, startCluster } from "../host/native/cluster.ts"
import { type Database, openDatabase } from "../test/support/database.ts"
import { boundSession, fill } from "./lib/memory-database.ts"
import { memoryData, vectorText } from "./lib/memory-data.ts"
import type { Benchmark, Report } from "./lib/report.ts"
import { documentsQuery, supabaseQuery } from "./peers/hybrid-queries.ts"
import { openVectorPeers } from "./peers/vector-stores.ts"

const rows = Number(process.env["PENSTOCK_BENCH_ROWS"] ?? 100_000)
const dimensions = Number(process.env["PENSTOCK_BENCH_DIMENSIONS"] ?? 768)
const withPeers = process.env["PENSTOCK_BENCH_PEERS"] !== "0"
const queryCount = 50

const openServer = async (): Promise<{ url: string; close: () => Promise<void> }> => {
  const given = process.env["DATABASE_URL"]
  if (given !== undefined && given !== "") return { url: given, close: async () => {} }
  const dir = mkdtempSync(join(tmpdir(), "penstock-bench-memory-"))
  const settings = { shared_buffers: "1GB", effective_cache_size: "2GB", fsync: "off", max_wal_size: "4GB" }
  const { url } = await startCluster({ dir, settings })
  return { url, close: () => removeCluster(dir) }
}

const percentile = (samples: readonly number[], share: number): number =>
  samples.toSorted((a, b) => a - b)[Math.min(samples.length - 1, Math.floor(samples.length * share))] ?? 0

const filters: Readonly<Record<string, string>> = {
  "0.1 %": "{permille7}",
  "1 %": "{percent7}",
  "5 %": "{twentieth7}",
  "5 %, none of them near": "{far}",
}

const measureSearches = async (db: Database, client: pg.Client, report: Report): Promise<void> => {
  const data = memoryData(dimensions, 1)
  const queries = Array.from({ length: queryCount }, (_, i) => data.query(i)).map(({ words, vector }) => ({
    words,
    vector: vectorText(vector),
  }))
  /* Each case goes through the queries in the same order. */
  const each = (run: (query: { words: string; vector: string }) => Promise<unknown>) => {
    let turn = 0
    return async () => {
      await run(queries[turn++ % queryCount] ?? { words: "", vector: "" })
    }
  }
  const prepared =
    (name: string, text: string) =>
    (...values: unknown[]) =>
      client.query({ name, text, values })
  const hybrid = prepared("hybrid", "select * from memory.search($1, $2)")
  const vector = prepared("vector", "select * from memory.vector_search($1)")
  const words = prepared("words", "select * from memory.fts_search($1)")
  const filtered = prepared("filtered", "select * from memory.vector_search($1, tags => $2)")

  const [own] = await report.measure(
    "hybrid search, k 10, words and meaning",
    [{ name: "memory.search", run: each((query) => hybrid(query.words, query.vector)) }],
    { samples: 4 * queryCount, warmup: 20 },
  )
  report.goal({ name: "p50 of a hybrid search", value: own?.median ?? 0, limit: 8, unit: "ms" })
  report.goal({ name: "p99 of a hybrid search", value: percentile(own?.samples ?? [], 0.99), limit: 30, unit: "ms" })
  /* The others read the table itself, as its owner: no row security slows them. */
  const [again, document] = await report.measure(
    "the same beside other ways to write it",
    [
      { name: "memory.search", run: each((query) => hybrid(query.words, query.vector)) },
      { name: "the document's query", run: each((query) => db.query(documentsQuery, [query.words, query.vector])) },
      { name: "Supabase's function", run: each((query) => db.query(supabaseQuery, [query.words, query.vector])) },
    ],
    { samples: 7, warmup: 1 },
  )
  report.goal({
    name: "the document's query / memory.search",
    value: (document?.median ?? 0) / (again?.median ?? 1),
    limit: 100,
    atLeast: true,
  })

  const [only] = await report.measure(
    "search by meaning alone, k 10, ef_search 100",
    [
      { name: "memory.vector_search", run: each((query) => vector(query.vector)) },
      {
        name: "hand-written, as the owner",
        run: each((query) =>
          db.query("select id from memory.memories order by embedding <=> $1::halfvec limit 10", [query.vector]),
        ),
      },
    ],
    { samples: 4 * queryCount, warmup: 20 },
  )
  report.goal({ name: "p50 of a search by meaning", value: only?.median ?? 0, limit: 1.5, unit: "ms" })
  const found = async (query: string, more: string) =>
    (await client.query<{ id: string }>(`select id from memory.vector_search($1${more})`, [query])).rows.map(
      ({ id }) => id,
    )
  const recall = async (more: string) => {
    let hits = 0
    let wanted = 0
    for (const query of queries) {
      const truth = await found(query.vector, `${more}, exact => true`)
      const got = new Set(await found(query.vector, more))
      wanted += truth.length
      hits += truth.filter((id) => got.has(id)).length
    }
    return hits / wanted
  }
  report.goal({ name: "recall@10", value: await recall(""), limit: 0.95, atLeast: true })

  const measured = await report.measure(
    "search by meaning under a filter that this share of the memories meets",
    Object.entries(filters).map(([name, tags]) => ({ name, run: each((query) => filtered(query.vector, tags)) })),
    { samples: queryCount, warmup: 5 },
  )
  for (const [i, [name, tags]] of Object.entries(filters).entries()) {
    report.goal({ name: `p50 under a filter of ${name}`, value: measured[i]?.median ?? 0, limit: 15, unit: "ms" })
    report.goal({
      name: `recall@10 under a filter of ${name}`,
      value: await recall(`, tags => '${tags}'`),
      limit: 0.99,
      atLeast: true,
    })
  }

  const { rows: sources } = await client.query<{ id: string }>(
    "select id from memory.memories order by hashtext(id::text) limit 50",
  )
  let turn = 0
  const others = await report.measure(
    "by words, and along edges",
    [
      { name: "a word that most memories have", run: async () => void (await words(data.commonWord)) },
      { name: "three words", run: each((query) => words(query.words)) },
      {
        name: "neighbours to depth 3",
        run: async () => {
          await client.query({
            name: "near",
            text: "select * from memory.get_neighbors($1, 3)",
            values: [sources[turn++ % 50]?.id],
          })
        },
      },
    ],
    { samples: 100, warmup: 10 },
  )
  const common = await db.value<number>(
    "select count(*) from memory.memories where search_text @@ plainto_tsquery('english', $1)",
    [data.commonWord],
  )
  report.fact("memories with the common word", common)
  report.goal({ name: "p50 of a common word", value: others[0]?.median ?? 0, limit: 20, unit: "ms" })
  report.goal({ name: "p50 of neighbours to depth 3", value: others[2]?.median ?? 0, limit: 5, unit: "ms" })
}

const measureWriters = async (db: Database, url: string, report: Report): Promise<void> => {
  const target = new URL(url)
  target.pathname = `/${await db.value<string>("select current_database()")}`
  const clients = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const client = new pg.Client({ connectionString: target.href })
      await client.connect()
      return client
    }),
  )
  const data = memoryData(dimensions, 2)
  const given = clients.map(() => Array.from({ length: 100 }, (_, i) => data.memory(i)))
  const started = performance.now()
  const outcomes = await Promise.allSettled(
    clients.map(async (client, i) => {
      for (const { content, tags, nodeType, vector } of given[i] ?? []) {
        await client.query("select memory.insert($1, $2, $3, $4)", [content, vectorText(vector), nodeType, tags])
      }
    }),
  )
  report.fact("seconds for 1,600 memories by 16 clients at once, into the index", (performance.now() - started) / 1000)
  const failed = outcomes.filter(({ status }) => status === "rejected").length
  report.goal({ name: "clients of 16 that failed", value: failed, limit: 0 })
  await Promise.all(clients.map((client) => client.end()))
}

const measurePeers = async (client: pg.Client, report: Report): Promise<void> => {
  const data = memoryData(dimensions, 1)
  const vectors = Array.from({ length: rows }, (_, i) => data.memory(i).vector)
  const queries = Array.from({ length: queryCount }, (_, i) => data.query(i).vector)
  const peers = await openVectorPeers(vectors, dimensions)
  const each = (run: (query: Float32Array) => unknown) => {
    let turn = 0
    return async () => {
      await run(queries[turn++ % queryCount] ?? new Float32Array(dimensions))
    }
  }
  const cases = peers.flatMap((peer) => ("why" in peer ? [] : [{ name: peer.name, run: each(peer.search) }]))
  for (const peer of peers) if ("why" in peer) report.notRun(peer.name, peer.why)
  report.notRun(
    "PGlite with pgvector",
    "the same code as the server's, in WebAssembly: make bench BENCH=collections without DATABASE_URL measures it",
  )
  await report.measure(
    "search by meaning beside libraries and stores of one process (no server, no rights, no words)",
    [
      {
        name: "memory.vector_search",
        run: each((query) =>
          client.query({ name: "vector", text: "select * from memory.vector_search($1)", values: [vectorText(query)] }),
        ),
      },
      ...cases,
    ],
    { samples: 2 * queryCount, warmup: 10 },
  )
  for (const peer of peers) if (!("why" in peer)) peer.close()
}

const benchmark: Benchmark = {
  subject: "memory",
  about: `an agent's memory, ${rows} memories x ${dimensions} dimensions in 200 clusters, about 600 bytes of text each, five edges a memory, fixed seed, as a role that row security binds`,
  async run(report) {
    const server = await openServer().catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    )
    if (typeof server === "string") {
      report.notRun("memory", server)
      return
    }
    const db = await openDatabase({ url: server.url })
    try {
      await fill(db, report, rows, dimensions)
      const bound = await boundSession(db, server.url)
      try {
        await db.exec("set hnsw.ef_search = 100")
        await measureSearches(db, bound.client, report)
        if (withPeers) await measurePeers(bound.client, report)
        else report.notRun("peers from npm", "PENSTOCK_BENCH_PEERS=0")
        await measureWriters(db, server.url, report)
      } finally {
        await bound.close()
      }
    } finally {
      await db.close()
      await server.close()
    }
  },
}
export default benchmark
