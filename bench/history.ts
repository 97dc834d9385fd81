/**
 * The signed history: appending, verifying, proving. First on the embedded database, which
 * runs in this process, so that what counts is the CPU time of the process: other work on
 * the machine does not add to it. Then, where there is a server, what takes one.
 */
import { serverBinaries } from "../host/native/cluster.ts"
import { openDatabase } from "../test/support/database.ts"
import { measureServer } from "./lib/history-server.ts"
import { fillHistory } from "../test/support/long-history.ts"
import type { Benchmark, Report } from "./lib/report.ts"

const events = 10_000

/** About 600 bytes of canonical JSON with the header, as a transition with two witness edges has. */
const transition = {
  previous_state: "normal",
  new_state: "stress",
  direction: "degrading",
  lambda_cut_millionths: 450_000,
  words: "the role index has no valid vector index",
  witness_edges: ["index", "centroid"].map((target_type) => ({
    source_type: "shard",
    source_id: 1,
    target_type,
    target_id: 7,
    edge_type: "routing_link",
    capacity_millionths: 450_000,
  })),
}

/** Milliseconds of CPU, user and system, of all threads of this process. */
const cpu = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const measureVerification = async (report: Report): Promise<void> => {
  const db = await openDatabase()
  try {
    const note = await fillHistory(db, { size: events, body: transition, signed: true })
    report.fact("events", events)
    report.fact(
      "bytes of an event",
      await db.value<number>("select avg(octet_length(bytes))::int from integrity._events"),
    )
    const verify = async (...args: unknown[]): Promise<void> => {
      const found = await db.value<number>("select count(problem)::int from integrity.verify_history($1, $2)", args)
      if (found !== 0) throw new Error(`the history has ${found} problems`)
    }
    const [held] = await report.measure(
      `verify_history of ${events} events, CPU time`,
      [
        {
          name: "bytes, columns, links, tree and checkpoints, against a held one",
          run: () => cpu(() => verify(note, "checkpoints")),
        },
        {
          name: "of which the leaf hashes, by SQL",
          run: () => cpu(() => db.query("select count(sha256('\\x00'::bytea || bytes)) from integrity._events")),
        },
      ],
      { samples: 9 },
    )
    report.goal({ name: `${events} events verified`, value: held?.median ?? Number.NaN, limit: 100, unit: "ms" })
    await report.measure(
      "signatures => all, per event, CPU time",
      [{ name: "verify_history(signatures => 'all')", operations: events, run: () => cpu(() => verify(note, "all")) }],
      { samples: 2, warmup: 0 },
    )
  } finally {
    await db.close()
  }
}

const measureOneEvent = async (report: Report): Promise<void> => {
  const db = await openDatabase()
  try {
    await db.exec("create table bench_rows (body jsonb)")
    const query = (sql: string, ...args: unknown[]) => cpu(() => db.query(sql, args))
    const append = "select integrity._append_event('state_change', null, $1) from generate_series(1, $2)"
    const body = JSON.stringify(transition)
    await db.query(append, [body, 1000])
    await report.measure("one event in a history of a thousand, CPU time", [
      {
        name: "insert of the same JSON into a plain table",
        operations: 100,
        run: () => query("insert into bench_rows select $1::jsonb from generate_series(1, 100)", body),
      },
      {
        name: "append, signed and chained, 100 in a transaction",
        operations: 100,
        run: () => query(append, body, 100),
      },
      { name: "verify_event", run: () => query("select * from integrity.verify_event(500)") },
      { name: "inclusion_proof", run: () => query("select * from integrity.inclusion_proof(500)") },
      { name: "consistency_proof", run: () => query("select * from integrity.consistency_proof(500)") },
      {
        name: "checkpoint after one more event",
        run: async () => {
          await db.query(append, [body, 1])
          return query("select integrity.checkpoint()")
        },
      },
    ])
  } finally {
    await db.close()
  }
}

const hasServer = (): boolean => {
  try {
    return serverBinaries() !== ""
  } catch {
    return false
  }
}

const benchmark: Benchmark = {
  subject: "history",
  about: `append, verify and prove a history of ${events} events on the embedded database, and of a million on a server`,
  async run(report) {
    await measureVerification(report)
    await measureOneEvent(report)
    if (hasServer()) await measureServer(report, transition)
    else
      report.notRun(
        "several clients, a million events, a thousand collections",
        "no PostgreSQL server; run: make native",
      )
  },
}

export default benchmark
