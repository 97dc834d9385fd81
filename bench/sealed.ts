import { randomUUID } from "node:crypto"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { createSealed, newRoot, openSealed, type SealedCollection } from "../client/index.ts"
import type { CreateSealedOptions } from "../client/sealed/options.ts"
import { removeCluster, startCluster } from "../host/native/cluster.ts"
import { openDatabase } from "../test/support/database.ts"
import { measurePresets } from "./lib/sealed-presets.ts"
import { measureSpeed } from "./lib/sealed-speed.ts"
import type { Benchmark, Report } from "./lib/report.ts"
import { Mixture } from "./lib/vectors.ts"

const rows = Number(process.env["PENSTOCK_BENCH_ROWS"] ?? 100_000)
const dimensionList = (process.env["PENSTOCK_BENCH_DIMENSIONS"] ?? "384,768,1536,3072").split(",").map(Number)
const queryCount = 100
const k = 10
const candidates = 100
const bitCandidates = 200
/** Of the plain search and of the sealed one: what both cost and find depends on it. */
const efSearch = 200
const seed = 20_261_128
const gib = 2 ** 30

interface Subject {
  name: string
  /** Index of the tokens, or of the plain vectors. */
  index: string
  search(this: void, query: Float32Array): Promise<string[]>
}

/** Numbers near the 95th percentile of samples. */
const p95 = (samples: readonly number[]): number =>
  samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.95)] as number

const text = (vector: Float32Array): string => `[${vector.join(",")}]`

/** The database of the bench: DATABASE_URL's server, or a cluster that is removed afterwards. */
const openServer = async (): Promise<{ url: string; close: () => Promise<void> }> => {
  const given = process.env["DATABASE_URL"]
  if (given !== undefined && given !== "") return { url: given, close: () => Promise.resolve() }
  const dir = mkdtempSync(join(tmpdir(), "penstock-bench-"))
  const settings = { shared_buffers: "2GB", max_wal_size: "8GB", fsync: "off" }
  const { url } = await startCluster({ dir, settings })
  return { url, close: () => removeCluster(dir) }
}

const atDimensions = async (report: Report, pool: pg.Pool, d: number): Promise<void> => {
  const data = () => new Mixture({ seed, dimensions: d })
  const source = data()
  const plainType = d > 2000 ? "halfvec" : "vector"
  const value = async <T>(sql: string, values: unknown[] = []): Promise<T> =>
    Object.values((await pool.query(sql, values)).rows[0] as object)[0] as T
  const seconds = async (work: () => Promise<unknown>): Promise<number> => {
    const started = performance.now()
    await work()
    return (performance.now() - started) / 1000
  }
  report.fact(`${d}: data`, `${rows} points, ${source.name}; queries are further points`)

  const root = newRoot()
  const config = (more: Partial<CreateSealedOptions>): CreateSealedOptions => ({
    name: `sealed_${d}_${more.level ?? "distance"}`,
    collection: randomUUID(),
    dimensions: d,
    index: "none",
    roots: [root],
    ...more,
  })
  const distance = await createSealed(config({}), { pool })
  const bits = await createSealed(config({ level: "bits" }), { pool })

  /* Plain and sealed rows by the same statement: COPY, in the same order. */
  const points = function* () {
    const mixture = data()
    for (let i = 0; i < rows; i++) yield { id: String(i), vector: mixture.next().vector }
  }
  await pool.query(`create table plain_${d} (id text primary key, vector ${plainType}(${d}) not null)`)
  const batch: string[][] = [[], []]
  const load = async () => {
    for (const { id, vector } of points()) {
      batch[0]?.push(id)
      batch[1]?.push(text(vector))
      if (batch[0]?.length === 500 || Number(id) === rows - 1) {
        await pool.query(`insert into plain_${d} select * from unnest($1::text[], $2::text[]::${plainType}[])`, batch)
        batch[0] = []
        batch[1] = []
      }
    }
  }
  await load()
  report.fact(
    `${d}: sealed rows loaded a second, client and server, no index`,
    Math.round(rows / (await seconds(() => distance.insertMany(points())))),
  )
  await bits.insertMany(points())
  const build = async (name: string, sql: string) =>
    report.fact(`${d}: seconds to build the index on ${name}`, await seconds(() => pool.query(sql)))
  await build(
    "plain vectors",
    `create index plain_${d}_index on plain_${d} using hnsw (vector ${plainType}_cosine_ops) with (m = 16, ef_construction = 64)`,
  )
  await build("halfvec tokens", `select penstock.build_index('${distance.name}', 'hnsw')`)
  await build("bit tokens", `select penstock.build_index('${bits.name}', 'hnsw')`)
  await pool.query("analyze")

  const indexOf = (name: string) =>
    value<string>(
      "select indexrelid::regclass::text from pg_index where indrelid = $1::regclass and indpred is not null",
      [name],
    )
  const size = (name: string) => value<string>("select pg_relation_size($1::regclass)", [name]).then(Number)
  const ids = (hits: { id: unknown }[]) => hits.map(({ id }) => String(id))
  const plain = async (query: Float32Array, exact: boolean, client: pg.ClientBase) => {
    await client.query("begin")
    await client.query(`set local hnsw.ef_search = ${efSearch}; set local enable_indexscan = ${exact ? "off" : "on"}`)
    const { rows: found } = await client.query<{ id: string }>(
      `select id from plain_${d} order by vector <=> $1::${plainType} limit ${k}`,
      [text(query)],
    )
    await client.query("commit")
    return found.map(({ id }) => id)
  }
  const client = await pool.connect()
  try {
    const queries = Array.from({ length: queryCount }, () => source.next().vector)
    const subjects: Subject[] = [
      {
        name: `plain ${plainType}, ef_search ${efSearch}`,
        index: `plain_${d}_index`,
        search: (query) => plain(query, false, client),
      },
      {
        name: `sealed, halfvec tokens, standard noise, k' ${candidates}, ef_search ${efSearch}`,
        index: await indexOf(distance.name),
        search: async (query) => ids(await distance.search(query, { k, candidates, efSearch })),
      },
      {
        name: `sealed, bits, standard noise, k' ${bitCandidates}, ef_search ${2 * bitCandidates}`,
        index: await indexOf(bits.name),
        search: async (query) =>
          ids(await bits.search(query, { k, candidates: bitCandidates, efSearch: 2 * bitCandidates })),
      },
    ]
    const truth: Set<string>[] = []
    for (const query of queries) truth.push(new Set(await plain(query, true, client)))
    const recalls: number[] = []
    for (const subject of subjects) {
      let hits = 0
      for (const [i, query] of queries.entries())
        hits += (await subject.search(query)).filter((id) => truth[i]?.has(id)).length
      recalls.push(hits / (k * queryCount))
      report.fact(`${d}: recall@${k} of ${subject.name}`, recalls.at(-1) ?? 0)
    }
    const [plainRecall = 1, tokenRecall = 0, bitRecall = 0] = recalls
    report.goal({ name: `${d}: recall@10, halfvec tokens`, value: tokenRecall, limit: 0.99, atLeast: true })
    report.goal({
      name: `${d}: recall@10 below that of plain HNSW, halfvec tokens`,
      value: plainRecall - tokenRecall,
      limit: 0.005,
    })
    report.goal({ name: `${d}: recall@10, bits`, value: bitRecall, limit: 0.98, atLeast: true })

    const sizes = await Promise.all(subjects.map(({ index }) => size(index)))
    for (const [i, { name }] of subjects.entries())
      report.fact(`${d}: GiB of the index on ${name.split(",", 2).join()}`, (sizes[i] ?? 0) / gib)
    for (const name of [`plain_${d}`, distance.name, bits.name]) {
      report.fact(
        `${d}: bytes a row of table ${name}, no index`,
        Number(await value<string>("select pg_table_size($1::regclass)", [name])) / rows,
      )
    }
    if (plainType === "vector") {
      report.goal({
        name: `${d}: size of the index on bits over that on vector`,
        value: (sizes[2] ?? 0) / (sizes[0] ?? 1),
        limit: 1 / 12,
      })
    }
    let turn = 0
    const measured = await report.measure(
      `${d}: one search, k ${k}, elapsed time, client included`,
      subjects.map(({ name, search }) => ({
        name,
        run: async () => {
          await search(queries[turn++ % queryCount] as Float32Array)
        },
      })),
      { samples: 2 * queryCount, warmup: 20 },
    )
    for (const [i, name] of ["halfvec tokens", "bits"].entries()) {
      report.goal({
        name: `${d}: p95 of a sealed search, ${name}`,
        value: p95(measured[i + 1]?.samples ?? []),
        limit: 25,
        unit: "ms",
      })
    }
  } finally {
    client.release()
  }
  for (const name of [distance.name, bits.name]) await pool.query("select penstock.drop_collection($1)", [name])
  await pool.query(`drop table plain_${d}`)
}

/** A rotation of real rows, as an application runs it: one connection, without a vector index and with one. */
const rotation = async (report: Report, pool: pg.Pool): Promise<void> => {
  const count = 5000
  for (const index of ["none", "hnsw"] as const) {
    const root = newRoot()
    const name = `rotation_${index}`
    const config = { name, collection: randomUUID(), dimensions: 1536, index, roots: [root] }
    const collection: SealedCollection = await createSealed(config, { pool })
    const mixture = new Mixture({ seed, dimensions: 1536, clusters: 20 })
    await collection.insertMany(
      Array.from({ length: count }, (_, i) => ({ id: String(i), vector: mixture.next().vector })),
    )
    const both = await openSealed({ ...config, roots: [newRoot(), root] }, { pool })
    const started = { wall: performance.now(), cpu: process.cpuUsage() }
    await both.rotate()
    const { user, system } = process.cpuUsage(started.cpu)
    report.fact(
      `rotation of ${count} rows of 1536, index ${index}: rows a second, elapsed, verification included`,
      Math.round((count / (performance.now() - started.wall)) * 1000),
    )
    report.fact(
      `rotation of ${count} rows of 1536, index ${index}: rows a second of the client's processor time, reading, writing and verification included`,
      Math.round(count / ((user + system) / 1e6)),
    )
    await pool.query("select penstock.drop_collection($1)", [name])
  }
}

const benchmark: Benchmark = {
  subject: "sealed",
  about: `sealed collections against plain pgvector with the same index settings, ${rows} rows, cosine`,
  async run(report) {
    const goals = { seals: 12_000, opens: 45_000, rotations: 8000 }
    for (const d of dimensionList) {
      const speed = await measureSpeed(report, d, {})
      for (const [name, value] of Object.entries(speed)) {
        if (d === 1536)
          report.goal({
            name: `${name} a second and core at 1536`,
            value,
            limit: goals[name as keyof typeof goals],
            atLeast: true,
          })
        else report.fact(`${name} a second and core at ${d}`, Math.round(value))
      }
    }
    for (const d of dimensionList) measurePresets(report, d)
    if (dimensionList.includes(1536)) {
      await measureSpeed(report, 1536, { token: "vector" })
      await measureSpeed(report, 1536, { level: "bits" })
    }

    const server = await openServer().catch((error: unknown) => {
      report.notRun("everything on a server", error instanceof Error ? error.message : String(error))
      return undefined
    })
    if (server === undefined) return
    const database = await openDatabase({ url: server.url })
    const { connectionString } = database.target as { connectionString: string }
    const pool = new pg.Pool({ connectionString, options: "-c maintenance_work_mem=2GB" })
    try {
      if (dimensionList.includes(1536)) await rotation(report, pool)
      for (const d of dimensionList) await atDimensions(report, pool, d)
    } finally {
      await pool.end()
      await database.close()
      await server.close()
    }
  },
}
export default benchmark
