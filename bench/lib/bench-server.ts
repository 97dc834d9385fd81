/** The server of a benchmark: the one of DATABASE_URL, or a private cluster that goes away at the end. */
import { mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import copyStreams from "pg-copy-streams"
import { binaryTuple, COPY_HEADER, COPY_TRAILER, vectorSend } from "../../cli/transfer/copy-format.ts"
import { removeCluster, startCluster } from "../../host/native/cluster.ts"
import { type Database, openDatabase } from "../../test/support/database.ts"

export interface BenchServer {
  client: pg.Client
  database: Database
  /** Milliseconds of processor time that the server process of `client` has used; undefined where /proc does not tell. */
  processorTime(this: void): number | undefined
  close(): Promise<void>
}

const settings = {
  shared_buffers: "2GB",
  maintenance_work_mem: "2GB",
  max_wal_size: "8GB",
  fsync: "off",
  max_parallel_maintenance_workers: "1",
}

/** Milliseconds of processor time that the server process of a session has used; undefined where /proc does not tell. */
export async function processorClock(client: pg.Client): Promise<() => number | undefined> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid")
  const path = `/proc/${rows[0]?.pid}/schedstat`
  return () => {
    try {
      return Number(readFileSync(path, "utf8").split(" ")[0]) / 1e6
    } catch {
      return undefined
    }
  }
}

export async function openBenchServer(): Promise<BenchServer> {
  const given = process.env["DATABASE_URL"]
  const dir = mkdtempSync(join(tmpdir(), "penstock-bench-"))
  const url = given ?? (await startCluster({ dir, settings })).url
  const database = await openDatabase({ url })
  const { connectionString } = database.target as { connectionString: string }
  const client = new pg.Client({ connectionString })
  await client.connect()
  return {
    client,
    database,
    processorTime: await processorClock(client),
    async close() {
      await client.end()
      await database.close()
      if (given === undefined) await removeCluster(dir)
    },
  }
}

export interface LoadRow {
  id: string
  vector: Float32Array
  metadata: object
}

/** Rows as the bytes of a binary COPY. */
export function* copyBytes(rows: Iterable<LoadRow>): Generator<Buffer> {
  yield COPY_HEADER
  for (const { id, vector, metadata } of rows)
    yield binaryTuple(id, vectorSend(vector, "vector"), JSON.stringify(metadata))
  yield COPY_TRAILER
}

/** COPY ... FROM STDIN (FORMAT binary), as fast as the server takes it. */
export async function rawCopy(client: pg.Client, table: string, chunks: Iterable<Buffer>): Promise<void> {
  const stream = client.query(copyStreams.from(`copy ${table} (id, vector, metadata) from stdin (format binary)`))
  const done = new Promise<void>((resolve, reject) => stream.once("finish", resolve).once("error", reject))
  for (const chunk of chunks) if (!stream.write(chunk)) await new Promise((resolve) => stream.once("drain", resolve))
  stream.end()
  await done
}
