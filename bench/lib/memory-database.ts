/** The database of the memory benchmark: filled, indexed, with a role that row security binds. */
import type pg from "pg"
import type { Database } from "../../test/support/database.ts"
import type { BenchServer } from "./bench-server.ts"
import { memoryData, vectorText } from "./memory-data.ts"
import type { Report } from "./report.ts"

const batchSize = 500
const role = "penstock_bench_reader"

/** Loads memories and edges through the functions that an application uses, and says how fast. */
export async function fill(server: BenchServer, report: Report, rows: number, dimensions: number): Promise<void> {
  const { client, database: db, processorTime } = server
  const data = memoryData(dimensions, 1)
  await db.query("select memory.init('bench', $1)", [dimensions])
  await db.exec("drop index memory.memories_embedding")
  let elapsed = 0
  const before = processorTime()
  for (let first = 0; first < rows; first += batchSize) {
    const batch = Array.from({ length: Math.min(batchSize, rows - first) }, (_, i) => data.memory(first + i))
    const records = JSON.stringify(batch.map(({ content, tags, nodeType }) => ({ content, tags, node_type: nodeType })))
    const vectors = `{${batch.map(({ vector }) => `"${vectorText(vector)}"`).join(",")}}`
    const started = performance.now()
    await client.query("select count(*) from memory.insert_many($1::text::jsonb, $2::text::vector[])", [
      records,
      vectors,
    ])
    elapsed += performance.now() - started
  }
  const after = processorTime()
  const spent = before === undefined || after === undefined ? elapsed : after - before
  report.fact("memories a second by insert_many, elapsed", Math.round((rows / elapsed) * 1000))
  report.goal({
    name: "memories a second of processor time by insert_many, before the vector index",
    value: Math.round((rows / spent) * 1000),
    limit: 3000,
    atLeast: true,
  })
  let started = performance.now()
  await db.exec(
    "set maintenance_work_mem = '1GB'; create index memories_embedding on memory.memories using hnsw (embedding halfvec_cosine_ops)",
  )
  report.fact("seconds to build the HNSW index", (performance.now() - started) / 1000)
  const edges = 5 * rows
  await db.query(
    `insert into memory.edges (source_id, target_id, namespace, weight)
     select m.ids[a], m.ids[b], 'default', 0.5 + (a + b) % 100 / 200.0
     from (select array_agg(id order by hashtext(id::text)) as ids from memory.memories) m,
       generate_series(0, $1 - 1) as i, lateral (select 1 + i % $2 as a, 1 + hashint4(i)::int8 & 2147483647 as h) x,
       lateral (select 1 + (h % $2)::int as b) y
     where a <> b
     on conflict do nothing`,
    [edges, rows],
  )
  started = performance.now()
  await db.query("select memory.vacuum()")
  report.fact("seconds to count the words", (performance.now() - started) / 1000)
  await db.exec("vacuum analyze memory.memories")
  await db.exec("vacuum analyze memory.edges")
  report.fact("edges", await db.value<number>("select count(*) from memory.edges"))
}

/** Makes a session one that row security binds; the returned function ends that. */
export async function bind(client: pg.Client, db: Database): Promise<() => Promise<void>> {
  await db.exec(`do $do$ begin create role ${role}; exception when duplicate_object then null; end $do$`)
  await db.exec(`grant penstock_user to ${role}`)
  await db.query("select memory.grant_namespace('default', $1)", [role])
  await client.query(`set role ${role}`)
  return async () => {
    await client.query("reset role")
    await db.exec(`drop owned by ${role}`)
    await db.exec(`drop role ${role}`).catch(() => undefined)
  }
}
