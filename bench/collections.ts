import { createHash } from "node:crypto"
import { Loader, type Target } from "../cli/transfer/load.ts"
import { vectorBytes } from "../client/sql/values.ts"
import { type BenchServer, copyBytes, type LoadRow, openBenchServer, rawCopy } from "./lib/bench-server.ts"
import { median } from "./lib/measure.ts"
import type { Benchmark, Report } from "./lib/report.ts"
import { type VectorPeer, vectorPeers } from "./lib/vector-peers.ts"
import { Mixture } from "./lib/vectors.ts"

/** PENSTOCK_BENCH_QUICK=1 for a run of a few minutes; the figures to reach are for the full size. */
const quick = process.env["PENSTOCK_BENCH_QUICK"] === "1"
const list = (name: string, fallback: string) => (process.env[name] ?? fallback).split(",").map(Number)
const rowCount = Number(process.env["PENSTOCK_BENCH_ROWS"] ?? (quick ? 10_000 : 100_000))
const widths = list("PENSTOCK_BENCH_DIMENSIONS", quick ? "768" : "768,1536")
const growth = list("PENSTOCK_BENCH_GROWTH", quick ? "1000,10000" : "1000,10000,100000")
const GROWTH_DIMENSIONS = 128
const GROWTH_TARGET = 1_000_000
const k = 10
const QUERIES = 100
/** Queries a sample: each case runs as warm as in an application that uses only it, and the cases still alternate. */
const BLOCK = 20
const SEED = 20_261_128
const EFFORTS = [20, 40, 60, 80, 100, 140, 200, 300, 400]

interface Data {
  rows: LoadRow[]
  queries: Float32Array[]
  name: string
}

function makeData(count: number, dimensions: number): Data {
  const mixture = new Mixture({ seed: SEED, dimensions })
  const rows = Array.from({ length: count }, (_, i) => {
    const { vector, cluster } = mixture.next()
    // Shares of 0.1, 1 and 5 %, spread over all clusters; the adverse filter takes whole clusters instead.
    return { id: String(i), vector, metadata: { permille: i % 1000, percent: i % 100, twentieth: i % 20, cluster } }
  })
  // Queries of clusters 10 and above: the adverse filter (cluster < 10, 5 % of the rows) selects far rows only.
  const queries = Array.from(
    { length: QUERIES },
    (_, i) => mixture.next(10 + ((i * 37) % (mixture.clusters - 10))).vector,
  )
  return { rows, queries, name: mixture.name }
}

type Search = (query: Float32Array, turn: number) => Promise<number[]>

/** Prepared statements by name, as an application's driver keeps them. */
const prepared =
  ({ client }: BenchServer, name: string, sql: string): Search =>
  async (query) => {
    const { rows } = await client.query<{ id: string }>({ name, text: sql, values: [vectorBytes(query)] })
    return rows.map(({ id }) => Number(id))
  }

const oursWith = (server: BenchServer, collection: string, options: string): Search =>
  prepared(
    server,
    createHash("md5")
      .update(collection + options)
      .digest("hex"),
    `select id from penstock.search('${collection}', $1, ${k}${options})`,
  )

async function recallOf(
  search: Search,
  queries: readonly Float32Array[],
  truth: readonly (readonly number[])[],
): Promise<number> {
  let hits = 0
  let wanted = 0
  for (const [i, query] of queries.entries()) {
    const found = new Set(await search(query, i))
    const expected = truth[i] as readonly number[]
    wanted += expected.length
    hits += expected.filter((id) => found.has(id)).length
  }
  return hits / wanted
}

async function answers(search: Search, queries: readonly Float32Array[]): Promise<number[][]> {
  const all: number[][] = []
  for (const [i, query] of queries.entries()) all.push(await search(query, i))
  return all
}

/** The least breadth that reaches a recall, and the recall. */
async function tune(
  search: (effort: number) => Search,
  queries: readonly Float32Array[],
  truth: readonly (readonly number[])[],
) {
  let recall = 0
  for (const effort of EFFORTS) {
    recall = await recallOf(search(effort), queries, truth)
    if (recall >= 0.95) return { effort, recall }
  }
  return { effort: EFFORTS.at(-1) as number, recall }
}

/** A case that runs BLOCK queries a sample and goes on through the queries from sample to sample. */
function block(name: string, search: Search, queries: readonly Float32Array[], clock?: () => number | undefined) {
  let turn = 0
  return {
    name,
    operations: BLOCK,
    async run() {
      const started = clock?.()
      for (let i = 0; i < BLOCK; i++) await search(queries[turn++ % queries.length] as Float32Array, turn)
      return started === undefined ? undefined : (clock?.() ?? 0) - started
    },
  }
}

async function load(server: BenchServer, collection: string, { rows }: Data, report: Report): Promise<void> {
  const { client } = server
  const dimensions = rows[0]?.vector.length ?? 0
  await client.query("select penstock.create_collection($1, $2, index => 'none')", [collection, dimensions])
  await rawCopy(client, collection, copyBytes(rows))
  const started = performance.now()
  await client.query("select penstock.build_index($1, 'hnsw')", [collection])
  report.fact(
    `${collection}: seconds to build the HNSW index (m 16, ef_construction 64)`,
    (performance.now() - started) / 1000,
  )
  await client.query(`vacuum analyze ${collection}`)
}

async function measureSearch(
  server: BenchServer,
  collection: string,
  { queries }: Data,
  report: Report,
): Promise<number[][]> {
  const truth = await answers(oursWith(server, collection, ", exact => true"), queries)
  const { effort, recall } = await tune(
    (effort) => oursWith(server, collection, `, ef_search => ${effort}`),
    queries,
    truth,
  )
  await server.client.query(`set hnsw.ef_search = ${effort}`)
  const columns = "id, vector <=> $1 as distance, 1 - (vector <=> $1) as similarity, metadata"
  const byHand = prepared(
    server,
    `hand_${collection}`,
    `select ${columns} from ${collection} order by vector <=> $1 limit ${k}`,
  )
  const ours = prepared(
    server,
    `ours_${collection}`,
    `select * from penstock.search('${collection}', $1, ${k}, ef_search => ${effort})`,
  )
  const samples = { samples: quick ? 20 : 60, warmup: 5 }
  const [hand, own] = await report.measure(
    `${collection}: one search, k ${k}, ef_search ${effort}, elapsed`,
    [block("hand-written, prepared", byHand, queries), block("penstock.search", ours, queries)],
    samples,
  )
  report.goal({
    name: `${collection}: search / hand-written`,
    value: (own?.median ?? 0) / (hand?.median ?? 1),
    limit: 1.05,
  })
  report.fact(`${collection}: microseconds that search adds`, ((own?.median ?? 0) - (hand?.median ?? 0)) * 1000)
  report.goal({ name: `${collection}: recall@${k}`, value: recall, limit: 0.95, atLeast: true })
  report.fact(`${collection}: recall@${k} of the hand-written query`, await recallOf(byHand, queries, truth))
  report.goal({
    name: `${collection}: p50 of a search at that recall`,
    value: own?.median ?? 0,
    limit: 1.5,
    unit: "ms",
  })
  report.goal({
    name: `${collection}: p50, the source document's figure for 100k`,
    value: own?.median ?? 0,
    limit: 1,
    unit: "ms",
  })
  if (server.processorTime() !== undefined) {
    const [handTime, ownTime] = await report.measure(
      `${collection}: the same, processor time of the server process`,
      [
        block("hand-written, prepared", byHand, queries, server.processorTime),
        block("penstock.search", ours, queries, server.processorTime),
      ],
      samples,
    )
    report.fact(
      `${collection}: search / hand-written in processor time`,
      (ownTime?.median ?? 0) / (handTime?.median ?? 1),
    )
  }
  return truth
}

const filters = {
  "0.1 %": '{"permille": 7}',
  "1 %": '{"percent": 7}',
  "5 %": '{"twentieth": 7}',
  "5 %, none of them near": '{"cluster": {"$lt": 10}}',
}

async function measureFilters(
  server: BenchServer,
  collection: string,
  { queries }: Data,
  report: Report,
): Promise<void> {
  const some = queries.slice(0, quick ? 20 : 50)
  const searches = Object.entries(filters).map(([name, filter]) => ({
    name,
    search: oursWith(server, collection, `, filter => '${filter}'`),
    filter,
  }))
  await report.measure(
    `${collection}: one search with a filter that this share of the rows meets`,
    searches.map(({ name, search }) => {
      let turn = 0
      return { name, run: async () => void (await search(some[turn++ % some.length] as Float32Array, turn)) }
    }),
    { samples: some.length, warmup: 5 },
  )
  for (const { name, search, filter } of searches) {
    const truth = await answers(oursWith(server, collection, `, filter => '${filter}', exact => true`), some)
    report.goal({
      name: `${collection}: recall@${k} under a filter of ${name}`,
      value: await recallOf(search, some, truth),
      limit: 0.99,
      atLeast: true,
    })
  }
}

/** The loader of `penstock import` against a bare COPY of bytes that are ready, into the same empty table. */
async function measureImport(server: BenchServer, collection: string, { rows }: Data, report: Report): Promise<void> {
  const { client } = server
  const part = rows.slice(0, Math.min(rows.length, 20_000))
  const table = `${collection}_import`
  await client.query("select penstock.create_collection($1, $2, index => 'none', metadata_index => 'none')", [
    table,
    part[0]?.vector.length,
  ])
  const { statement } = (
    await client.query<{ statement: string }>("select statement from penstock.copy_statement($1)", [table])
  ).rows[0] as { statement: string }
  const target: Target = {
    collection: table,
    statement,
    isBinary: true,
    hasMetadata: true,
    dimensions: part[0]?.vector.length ?? 0,
    metric: "cosine",
    storage: "vector",
  }
  const bytes = [...copyBytes(part)]
  async function* records() {
    for (const [i, { id, vector, metadata }] of part.entries())
      yield { position: i + 1, id, vector, metadata: metadata as Record<string, number> }
  }
  const loader = () =>
    new Loader(
      client,
      target,
      { position: 0, rowCount: 0, rejected: 0, checksum: 0n },
      {
        importId: undefined,
        batchSize: 5000,
        inTransaction: false,
        signal: new AbortController().signal,
        onProgress: () => {},
        onRejects: () => {},
        onWait: () => {},
      },
    )
  const empty = () => client.query(`truncate ${table}`)
  const timed = async (work: () => Promise<unknown>) => {
    await empty()
    const started = performance.now()
    await work()
    return performance.now() - started
  }
  const [raw, ours] = await report.measure(
    `${collection}: ${part.length} rows into an empty table without indexes`,
    [
      { name: "COPY of bytes made before, one transaction", run: () => timed(() => rawCopy(client, table, bytes)) },
      {
        name: "penstock import: checks, encodes, sums up, batches of 5000",
        run: () => timed(() => loader().load(records())),
      },
    ],
    { samples: 5, warmup: 1 },
  )
  report.goal({
    name: `${collection}: rows a second of import / COPY`,
    value: (raw?.median ?? 0) / (ours?.median ?? 1),
    limit: 0.9,
    atLeast: true,
  })
  report.fact(`${collection}: rows imported a second`, Math.round(part.length / ((ours?.median ?? 1) / 1000)))
  await client.query("select penstock.drop_collection($1)", [table])
}

async function measurePeers(
  server: BenchServer,
  collection: string,
  { rows, queries }: Data,
  truth: readonly number[][],
  report: Report,
): Promise<void> {
  const vectors = rows.map(({ vector }) => vector)
  const { effort } = await tune((effort) => oursWith(server, collection, `, ef_search => ${effort}`), queries, truth)
  const cases = [
    block(
      `penstock.search (a server, one round trip)`,
      oursWith(server, collection, `, ef_search => ${effort}`),
      queries,
    ),
  ]
  const open: VectorPeer[] = []
  for (const make of vectorPeers) {
    const peer = await make(vectors).catch((error: Error) => ({
      name: make.name,
      why: error.message.split("\n")[0] ?? "",
    }))
    if ("why" in peer) {
      report.notRun(peer.name, peer.why)
      continue
    }
    open.push(peer)
    report.fact(`${collection}: seconds to load and index ${peer.rows} rows, ${peer.name}`, peer.buildMs / 1000)
    const searchWith =
      (effort: number): Search =>
      async (query) =>
        peer.search(query, k, effort)
    if (peer.exact === true) {
      cases.push({ ...block(peer.name, searchWith(0), queries), operations: BLOCK })
      continue
    }
    const expected = peer.rows === rows.length ? truth : await answers(oursOn(server, collection, peer.rows), queries)
    const tuned = await tune(searchWith, queries, expected)
    report.fact(`${collection}: ef and recall@${k}, ${peer.name}`, `${tuned.effort}, ${tuned.recall.toPrecision(4)}`)
    cases.push(block(peer.name, searchWith(tuned.effort), queries))
  }
  await report.measure(`${collection}: one search at recall@${k} >= 0.95 where it is to be had`, cases, {
    samples: quick ? 5 : 10,
    warmup: 1,
  })
  for (const peer of open) await peer.close()
}

/** The true neighbours among the first rows of a collection. */
const oursOn = (server: BenchServer, collection: string, rows: number): Search =>
  prepared(
    server,
    `first_${collection}_${rows}`,
    `select id from ${collection} where id::int < ${rows} order by (vector <=> $1) + 0 limit ${k}`,
  )

/** How the cost grows with the number of rows; what the run does not reach is computed from the measured points. */
async function measureGrowth(server: BenchServer, report: Report): Promise<void> {
  const points: { rows: number; milliseconds: number }[] = []
  for (const count of growth) {
    const data = makeData(count, GROWTH_DIMENSIONS)
    const collection = `rows_${count}`
    await load(server, collection, data, report)
    const truth = await answers(oursWith(server, collection, ", exact => true"), data.queries)
    const { effort, recall } = await tune(
      (effort) => oursWith(server, collection, `, ef_search => ${effort}`),
      data.queries,
      truth,
    )
    const search = oursWith(server, collection, `, ef_search => ${effort}`)
    const times: number[] = []
    for (let turn = 0; turn < 5 * QUERIES; turn++) {
      const started = performance.now()
      await search(data.queries[turn % QUERIES] as Float32Array, turn)
      times.push(performance.now() - started)
    }
    points.push({ rows: count, milliseconds: median(times) })
    report.fact(
      `${count} rows x ${GROWTH_DIMENSIONS}: p50 in ms, measured (ef_search ${effort}, recall@${k} ${recall.toPrecision(3)})`,
      median(times),
    )
    await server.client.query("select penstock.drop_collection($1)", [collection])
  }
  const last = points.at(-1)
  const first = points[0]
  if (last === undefined || first === undefined || first === last || last.rows >= GROWTH_TARGET) {
    if (last !== undefined)
      report.goal({
        name: "p50 at a million rows (the source document's figure)",
        value: last.milliseconds,
        limit: 5,
        unit: "ms",
      })
    return
  }
  // The cost of an HNSW search grows with the logarithm of the rows.
  const slope = Math.max(0, (last.milliseconds - first.milliseconds) / Math.log(last.rows / first.rows))
  const computed = last.milliseconds + slope * Math.log(GROWTH_TARGET / last.rows)
  report.fact(
    `${GROWTH_TARGET} rows x ${GROWTH_DIMENSIONS}: p50 in ms, COMPUTED from the first and the last (a + b log n)`,
    computed,
  )
  report.notRun(`${GROWTH_TARGET} rows`, "PENSTOCK_BENCH_GROWTH=1000,10000,100000,1000000 measures it, in half an hour")
}

const benchmark: Benchmark = {
  subject: "collections",
  about: `search, filters, import and index build of a server, ${rowCount} rows x ${widths.join(" and ")} dimensions, fixed seed; other stores on the same vectors`,
  async run(report) {
    const server = await openBenchServer().catch((error: Error) => error)
    if (server instanceof Error) {
      report.notRun("collections", server.message.split("\n")[0] ?? "")
      return
    }
    try {
      for (const dimensions of widths) {
        const data = makeData(rowCount, dimensions)
        const collection = `d${dimensions}`
        report.fact(`${collection}: data`, `${rowCount} rows, ${data.name}`)
        await load(server, collection, data, report)
        const truth = await measureSearch(server, collection, data, report)
        await measureFilters(server, collection, data, report)
        await measureImport(server, collection, data, report)
        if (dimensions === widths[0]) await measurePeers(server, collection, data, truth, report)
        await server.client.query("select penstock.drop_collection($1)", [collection])
      }
      await measureGrowth(server, report)
    } finally {
      await server.close()
    }
  },
}
export default benchmark
