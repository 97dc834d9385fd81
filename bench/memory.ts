/** Every figure of an agent's memory, as a role that row security binds. */
import pg from "pg"
import { type BenchServer, openBenchServer, processorClock } from "./lib/bench-server.ts"
import type { Case } from "./lib/measure.ts"
import { bind, fill } from "./lib/memory-database.ts"
import { memoryData, vectorText } from "./lib/memory-data.ts"
import type { Benchmark, Report } from "./lib/report.ts"
import { vectorPeers } from "./lib/vector-peers.ts"
import { documentsQuery, documentsTable, supabaseQuery } from "./peers/hybrid-queries.ts"

const rows = Number(process.env["PENSTOCK_BENCH_ROWS"] ?? 100_000)
const dimensions = Number(process.env["PENSTOCK_BENCH_DIMENSIONS"] ?? 768)
const withPeers = process.env["PENSTOCK_BENCH_PEERS"] !== "0"
const queryCount = 50
const efSearch = 100
const k = 10

const filters: Readonly<Record<string, string>> = {
  "0.1 %": "{permille7}",
  "1 %": "{percent7}",
  "5 %": "{twentieth7}",
  "5 %, none of them near": "{far}",
}

const percentile = (samples: readonly number[], share: number): number =>
  samples.toSorted((a, b) => a - b)[Math.min(samples.length - 1, Math.floor(samples.length * share))] ?? 0

interface Query {
  words: string
  vector: string
  numbers: Float32Array
}

/** A session whose statements are timed: by the processor time of its server process, where /proc tells it. */
class Session {
  readonly client: pg.Client
  readonly #clock: () => number | undefined
  /** Elapsed milliseconds of the statements since they were last read. */
  #elapsed: number[] = []

  constructor(client: pg.Client, clock: () => number | undefined) {
    this.client = client
    this.#clock = clock
  }

  get clock(): string {
    return this.#clock() === undefined ? "elapsed time" : "processor time of the server process"
  }

  /** A case that runs a statement, with the values of one query after the other. */
  case(name: string, text: string, values: (turn: number) => unknown[]): Case {
    let turn = 0
    return {
      name,
      run: async () => {
        const before = this.#clock()
        const started = performance.now()
        await this.client.query({ name, text, values: values(turn++) })
        this.#elapsed.push(performance.now() - started)
        const after = this.#clock()
        return before === undefined || after === undefined ? undefined : after - before
      },
    }
  }

  /** What the statements since the last call took by the clock on the wall. */
  elapsed(report: Report, name: string): void {
    report.fact(`${name}: elapsed p50, ms`, percentile(this.#elapsed, 0.5))
    report.fact(`${name}: elapsed p99, ms`, percentile(this.#elapsed, 0.99))
    this.#elapsed = []
  }
}

const searchByMeaning = "select * from memory.vector_search($1)"

const measureSearches = async (
  report: Report,
  own: Session,
  owner: Session,
  queries: readonly Query[],
): Promise<void> => {
  const query = (turn: number): Query => queries[turn % queries.length] as Query
  const both = (turn: number) => [query(turn).words, query(turn).vector]
  const meaning = (turn: number) => [query(turn).vector]

  const [hybrid] = await report.measure(
    `hybrid search, k ${k}, words and meaning, ${own.clock}`,
    [own.case("memory.search", "select * from memory.search($1, $2)", both)],
    { samples: 4 * queryCount, warmup: 20 },
  )
  report.goal({ name: "p50 of a hybrid search", value: hybrid?.median ?? 0, limit: 8, unit: "ms" })
  report.goal({ name: "p99 of a hybrid search", value: percentile(hybrid?.samples ?? [], 0.99), limit: 30, unit: "ms" })
  own.elapsed(report, "hybrid search")

  await owner.client.query(documentsTable(dimensions))
  await owner.client.query("vacuum analyze public.documented_memories")
  const [again, document] = await report.measure(
    `the same beside other ways to write it, which read as the owner of the tables, ${own.clock}`,
    [
      own.case("memory.search", "select * from memory.search($1, $2)", both),
      owner.case("the document's query on its table", documentsQuery, both),
      owner.case("Supabase's function on our table", supabaseQuery, both),
    ],
    { samples: 9, warmup: 1 },
  )
  report.goal({
    name: "the document's query / memory.search",
    value: (document?.median ?? 0) / (again?.median ?? 1),
    limit: 100,
    atLeast: true,
  })
  await owner.client.query("drop table public.documented_memories")
  own.elapsed(report, "hybrid search beside them")

  const [alone] = await report.measure(
    `search by meaning alone, k ${k}, ef_search ${efSearch}, ${own.clock}`,
    [
      own.case("memory.vector_search", searchByMeaning, meaning),
      owner.case(
        "hand-written",
        `select id from memory.memories order by embedding <=> $1::halfvec limit ${k}`,
        meaning,
      ),
    ],
    { samples: 4 * queryCount, warmup: 20 },
  )
  report.goal({ name: "p50 of a search by meaning", value: alone?.median ?? 0, limit: 1.5, unit: "ms" })
  own.elapsed(report, "search by meaning")

  const found = async (vector: string, more: string): Promise<string[]> => {
    const { rows: answer } = await own.client.query<{ id: string }>(`select id from memory.vector_search($1${more})`, [
      vector,
    ])
    return answer.map(({ id }) => id)
  }
  const recall = async (more: string): Promise<number> => {
    let hits = 0
    let wanted = 0
    for (const { vector } of queries) {
      const truth = await found(vector, `${more}, exact => true`)
      const got = new Set(await found(vector, more))
      wanted += truth.length
      hits += truth.filter((id) => got.has(id)).length
    }
    return hits / wanted
  }
  report.goal({ name: `recall@${k}`, value: await recall(""), limit: 0.95, atLeast: true })

  const measured = await report.measure(
    `search by meaning under a filter that this share of the memories meets, ${own.clock}`,
    Object.entries(filters).map(([name, tags]) =>
      own.case(name, "select * from memory.vector_search($1, tags => $2)", (turn) => [query(turn).vector, tags]),
    ),
    { samples: queryCount, warmup: 5 },
  )
  for (const [i, [name, tags]] of Object.entries(filters).entries()) {
    report.goal({ name: `p50 under a filter of ${name}`, value: measured[i]?.median ?? 0, limit: 15, unit: "ms" })
    const value = await recall(`, tags => '${tags}'`)
    report.goal({ name: `recall@${k} under a filter of ${name}`, value, limit: 0.99, atLeast: true })
  }
}

const measureWordsAndEdges = async (
  report: Report,
  own: Session,
  queries: readonly Query[],
  commonWord: string,
): Promise<void> => {
  const { rows: sources } = await own.client.query<{ id: string }>(
    "select id from memory.memories order by hashtext(id::text) limit 50",
  )
  const [common, , near] = await report.measure(
    `by words, and along edges, ${own.clock}`,
    [
      own.case("a word that most memories have", "select * from memory.fts_search($1)", () => [commonWord]),
      own.case("three words", "select * from memory.fts_search($1)", (turn) => [queries[turn % queries.length]?.words]),
      own.case("neighbours to depth 3", "select * from memory.get_neighbors($1, 3)", (turn) => [
        sources[turn % 50]?.id,
      ]),
    ],
    { samples: 100, warmup: 10 },
  )
  report.goal({ name: "p50 of a common word", value: common?.median ?? 0, limit: 20, unit: "ms" })
  report.goal({ name: "p50 of neighbours to depth 3", value: near?.median ?? 0, limit: 5, unit: "ms" })
}

const measurePeers = async (report: Report, own: Session, queries: readonly Query[]): Promise<void> => {
  const data = memoryData(dimensions, 1)
  const vectors = Array.from({ length: rows }, (_, i) => data.memory(i).vector)
  const cases: Case[] = []
  const opened: { close(): Promise<void> | void }[] = []
  for (const make of vectorPeers) {
    const peer = await make(vectors).catch((error: unknown) => ({ name: make.name, why: String(error) }))
    if ("why" in peer) {
      report.notRun(peer.name, peer.why)
      continue
    }
    opened.push(peer)
    report.fact(`${peer.name}: seconds to fill`, peer.buildMs / 1000)
    let turn = 0
    cases.push({
      name: peer.name,
      run: async () => {
        await peer.search((queries[turn++ % queries.length] as Query).numbers, k, efSearch)
      },
    })
  }
  const client = own.client
  let turn = 0
  const ours: Case = {
    name: "memory.vector_search, round trip included",
    run: async () => {
      await client.query({ name: "peers", text: searchByMeaning, values: [queries[turn++ % queries.length]?.vector] })
    },
  }
  await report.measure(
    "search by meaning beside libraries and stores inside one process, elapsed time",
    [ours, ...cases],
    {
      samples: 2 * queryCount,
      warmup: 10,
    },
  )
  for (const peer of opened) await peer.close()
}

const measureWriters = async (report: Report, server: BenchServer): Promise<void> => {
  const { connectionString } = server.database.target as { connectionString: string }
  const clients = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const client = new pg.Client({ connectionString })
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

const benchmark: Benchmark = {
  subject: "memory",
  about: `an agent's memory, ${rows} memories x ${dimensions} dimensions in 200 clusters, about 600 bytes of text each, five edges a memory, fixed seed, as a role that row security binds`,
  async run(report) {
    const server = await openBenchServer().catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    )
    if (typeof server === "string") {
      report.notRun("memory", server)
      return
    }
    const { connectionString } = server.database.target as { connectionString: string }
    const owner = new pg.Client({ connectionString })
    await owner.connect()
    try {
      const data = memoryData(dimensions, 1)
      const queries = Array.from({ length: queryCount }, (_, i) => data.query(i)).map(
        ({ words, vector }): Query => ({ words, vector: vectorText(vector), numbers: vector }),
      )
      await fill(server, report, rows, dimensions)
      await owner.query(`set hnsw.ef_search = ${efSearch}`)
      const unbind = await bind(server.client, server.database)
      const own = new Session(server.client, server.processorTime)
      await measureSearches(report, own, new Session(owner, await processorClock(owner)), queries)
      await measureWordsAndEdges(report, own, queries, data.commonWord)
      if (withPeers) await measurePeers(report, own, queries)
      else report.notRun("peers from npm", "PENSTOCK_BENCH_PEERS=0")
      await unbind()
      await measureWriters(report, server)
    } finally {
      await owner.end()
      await server.close()
    }
  },
}
export default benchmark
