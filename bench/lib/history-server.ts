/** The part of the benchmark of the history that takes a server: several clients, a million events, a thousand collections. */
import { mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import pg from "pg"
import { type Cluster, removeCluster, startCluster } from "../../host/native/cluster.ts"
import { type Database, openDatabase } from "../../test/support/database.ts"
import { fillHistory } from "../../test/support/long-history.ts"
import type { Report } from "./report.ts"

const long = Number(process.env.PENSTOCK_BENCH_EVENTS ?? 1_000_000)
const collections = Number(process.env.PENSTOCK_BENCH_COLLECTIONS ?? 1000)
const seconds = 4

export const measureServer = async (report: Report, body: object): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), "penstock-bench-history-"))
  const cluster = await startCluster({ dir, settings: { max_wal_size: "4GB", shared_buffers: "256MB" } })
  process.env["DATABASE_URL"] = cluster.url
  try {
    await withDatabase((db) => measureThroughput(report, db, cluster))
    await withDatabase((db) => measureSamples(report, db))
    await withDatabase((db) => measureShort(report, db, body))
    await withDatabase((db) => measureLong(report, db, body))
  } finally {
    delete process.env["DATABASE_URL"]
    await cluster.stop("fast")
    await removeCluster(dir)
  }
}

const withDatabase = async (work: (db: Database) => Promise<void>): Promise<void> => {
  const db = await openDatabase()
  try {
    await work(db)
  } finally {
    await db.close()
  }
}

/** Runs `statement` in as many sessions as said until the time is over; transactions per second. */
const perSecond = async (url: string, clients: number, statement: string): Promise<number> => {
  const sessions = await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      await client.query(statement)
      return client
    }),
  )
  let done = 0
  const start = performance.now()
  await Promise.all(
    sessions.map(async (client) => {
      while (performance.now() - start < seconds * 1000) {
        await client.query({ name: "work", text: statement })
        done++
      }
    }),
  )
  const elapsed = (performance.now() - start) / 1000
  await Promise.all(sessions.map((client) => client.end()))
  return done / elapsed
}

const stage = (rows: number): string => `
  insert into integrity._staged_samples (collection, collection_id, sampled_at, state, measured_state, lambda_cut)
  select 'c' || i, i, clock_timestamp(), 'normal', 'normal', 1 from generate_series(1, ${rows}) as i`

const measureThroughput = async (report: Report, db: Database, cluster: Cluster): Promise<void> => {
  const database = await db.value<string>("select current_database()")
  const url = Object.assign(new URL(cluster.url), { pathname: `/${database}` }).href
  console.log("\nevents and samples per second, durable commits, a round trip each transaction")
  const append = "select integrity._append_event('note', null, '{\"words\": \"one of many\"}')"
  for (const clients of [1, 8]) {
    report.fact(`inline, signed in the database, ${clients} client(s), events/s`, await perSecond(url, clients, append))
  }
  const staged = async (clients: number, rows: number): Promise<number> => {
    await db.query("select integrity.sequence_samples(10000)")
    let isDone = false
    const start = performance.now()
    const sequencer = (async () => {
      let total = 0
      for (;;) {
        const [taken] = await db.query<{ sequenced: number; waiting: number }>(
          "select sequenced, waiting::int as waiting from integrity.sequence_samples(10000)",
        )
        total += taken?.sequenced ?? 0
        if (isDone && taken?.waiting === 0) return total
        await new Promise((resume) => setTimeout(resume, 50))
      }
    })()
    await perSecond(url, clients, stage(rows))
    isDone = true
    const total = await sequencer
    return total / ((performance.now() - start) / 1000)
  }
  for (const clients of [1, 8]) {
    const rate = await staged(clients, 1)
    report.fact(`batched, one sample a transaction, ${clients} client(s), samples/s in the log`, rate)
  }
  for (const clients of [1, 8]) {
    const value = await staged(clients, 100)
    report.goal({
      name: `batched, 100 samples a transaction, ${clients} client(s)`,
      value,
      limit: 10_000,
      atLeast: true,
      unit: "/s",
    })
  }
  await requireSound(db, null)
}

const requireSound = async (db: Database, note: string | null, signatures = "checkpoints"): Promise<void> => {
  const found = await db.value<number>("select count(problem)::int from integrity.verify_history($1, $2)", [
    note,
    signatures,
  ])
  if (found !== 0) throw new Error(`the history has ${found} problems`)
}

const walOf = async (db: Database, work: () => Promise<unknown>): Promise<number> => {
  const before = await db.value<string>("select pg_current_wal_insert_lsn()::text")
  await work()
  return Number(await db.value("select (pg_current_wal_insert_lsn() - $1::pg_lsn)::float8", [before]))
}

const measureSamples = async (report: Report, db: Database): Promise<void> => {
  console.log(`\nsamples of ${collections} collections`)
  // One by one: each takes some 30 locks, and a transaction has room for 6400.
  for (let i = 1; i <= collections; i++)
    await db.query("select penstock.create_collection($1, 3, index => 'none')", [`c${i}`])
  await db.query("select count(*) from integrity.sample_all()")
  await db.exec("checkpoint")
  await db.query("select count(*) from integrity.sample_all()")
  const runs: number[] = []
  const wal = await walOf(db, async () => {
    for (let i = 0; i < 3; i++) {
      const start = performance.now()
      await db.query("select count(*) from integrity.sample_all()")
      runs.push((performance.now() - start) / 1000)
    }
  })
  runs.sort((a, b) => a - b)
  report.fact(`sample_all with ${collections} collections, seconds`, runs[1] ?? Number.NaN)
  report.fact("WAL of a sample and collection, bytes", wal / 3 / collections)
  await db.query("select integrity.sequence_samples(10000)")
  const size = () =>
    db.value<number>(
      "select (pg_total_relation_size('integrity._events') + pg_total_relation_size('integrity._sample_batches'))::float8",
    )
  const bytes = await db.value<number>(
    "select (sum(octet_length(bytes)) / sum(d.n))::float8 from integrity._sample_batches cross join lateral (select count(*) as n from integrity._decode_samples(bytes)) as d",
  )
  report.fact("bytes of a sample in its batch", bytes)
  const before = await size()
  const batches = 300
  const walOfBatches = await walOf(db, async () => {
    for (let i = 0; i < batches; i++) {
      await db.exec(stage(5))
      await db.query("select integrity.sequence_samples(10000)")
    }
  })
  const perBatch = ((await size()) - before) / batches
  report.fact("bytes on disk of a batch of 5 samples, its event and indexes included", perBatch)
  report.fact("WAL of staging and sequencing 5 samples, bytes", walOfBatches / batches)
  const aYear = 365 * 24 * 60
  report.fact(
    "a year of one collection at the defaults (a sample a minute, a batch every five, samples kept 30 days), MB",
    ((aYear / 5) * (perBatch - 5 * bytes) + 30 * 24 * 60 * bytes) / 1e6,
  )
  report.fact(
    `a year of ${collections} collections at the defaults, MB`,
    ((aYear / 5) * (perBatch - 5 * bytes) + collections * 30 * 24 * 60 * bytes) / 1e6,
  )
}

/** CPU seconds of the session's process so far, in steps of 10 ms. */
const sessionCpu = async (db: Database): Promise<() => number> => {
  const pid = await db.value<number>("select pg_backend_pid()")
  return () => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100
  }
}

const short = 10_000

const measureShort = async (report: Report, db: Database, body: object): Promise<void> => {
  console.log(`\n${short} events of state changes, on the server`)
  const note = await fillHistory(db, { size: short, body, signed: true })
  await requireSound(db, note)
  const cpu = await sessionCpu(db)
  const before = cpu()
  const rounds = 20
  for (let i = 0; i < rounds; i++) await requireSound(db, note)
  const value = ((cpu() - before) / rounds) * 1000
  report.goal({ name: `${short} events verified on the server, CPU of the session`, value, limit: 100, unit: "ms" })
  const [start, signed] = [performance.now(), cpu()]
  await requireSound(db, note, "all")
  report.fact(
    "signatures => all on the server, wall microseconds an event",
    ((performance.now() - start) * 1000) / short,
  )
  report.fact("the same, CPU microseconds an event", ((cpu() - signed) * 1e6) / short)
}

const measureLong = async (report: Report, db: Database, body: object): Promise<void> => {
  console.log(`\n${long} events of state changes`)
  const note = await fillHistory(db, { size: long, body, signed: false })
  const pid = await db.value<number>("select pg_backend_pid()")
  const cpu = await sessionCpu(db)
  const peak = (): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024
  const [start, cpuBefore] = [performance.now(), cpu()]
  await requireSound(db, note)
  report.fact(`verify_history of ${long} events, seconds`, (performance.now() - start) / 1000)
  report.fact(`verify_history of ${long} events, CPU seconds of the session`, cpu() - cpuBefore)
  report.fact("peak memory of the session, MB (shared buffers included)", peak())
  report.fact(
    "table of events with indexes, MB",
    (await db.value<number>("select pg_total_relation_size('integrity._events')::float8")) / 1e6,
  )
  report.fact(
    "tiles of the tree, MB",
    (await db.value<number>("select pg_total_relation_size('integrity._tiles')::float8")) / 1e6,
  )
  await report.measure(`one proof among ${long} events, a round trip each`, [
    {
      name: "inclusion_proof",
      run: async () =>
        void (await db.query(`select * from integrity.inclusion_proof(1 + (random() * ${long - 1})::bigint)`)),
    },
    {
      name: "consistency_proof",
      run: async () =>
        void (await db.query(`select * from integrity.consistency_proof(1 + (random() * ${long - 1})::bigint)`)),
    },
    {
      name: "verify_event",
      run: async () =>
        void (await db.query(`select * from integrity.verify_event(1 + (random() * ${long - 1})::bigint)`)),
    },
  ])
  const [sizes] = await db.query<{ inclusion: number; consistency: number }>(
    "select (select max(cardinality(p.path)) * 32 from generate_series(1, $1, $1 / 50) as s cross join lateral integrity.inclusion_proof(s) as p)::int as inclusion, (select max(cardinality(p.path)) * 32 from generate_series(1, $1, $1 / 50) as s cross join lateral integrity.consistency_proof(s) as p)::int as consistency",
    [long],
  )
  report.fact("largest of 50 inclusion proofs, bytes", sizes?.inclusion ?? 0)
  report.fact("largest of 50 consistency proofs, bytes", sizes?.consistency ?? 0)
}
