/**
 * The signed history on the embedded database: appending, verifying, proving. PGlite runs
 * in this process, so what counts is the CPU time of the process: other work on the
 * machine does not add to it.
 */
import { openDatabase } from "../test/support/database.ts"
import type { Benchmark } from "./lib/report.ts"

const events = 10_000

/** About 600 bytes of canonical JSON, as a transition with two witness edges has. */
const transition = JSON.stringify({
  previous_state: "normal",
  new_state: "stress",
  direction: "degrading",
  lambda_cut: 0.45,
  words: "the role index has no valid vector index",
  witness_edges: ["index", "centroid"].map((target_type) => ({
    source_type: "shard",
    source_id: 1,
    target_type,
    target_id: 7,
    edge_type: "routing_link",
    capacity: 0.45,
  })),
})

const benchmark: Benchmark = {
  subject: "history",
  about: `append, verify and prove a history of ${events} events of state changes, embedded database, key in the database`,
  async run(report) {
    const db = await openDatabase()
    try {
      await db.exec("create table bench_rows (body jsonb)")
      const append = "select integrity._append_event('state_change', null, $1) from generate_series(1, $2)"
      await db.query(append, [transition, events])
      const note = await db.value<string>("select integrity.checkpoint()")
      const size = await db.value<number>("select count(*)::int from integrity._events")
      report.recorded.facts["events"] = size
      report.recorded.facts["bytes of an event"] = await db.value<number>(
        "select avg(octet_length(bytes))::int from integrity._events",
      )

      const verify = async (...args: unknown[]): Promise<void> => {
        const [found] = await db.query<{ problems: number }>(
          "select count(problem)::int as problems from integrity.verify_history($1, $2)",
          args,
        )
        if (found?.problems !== 0) throw new Error(`the history has ${found?.problems} problems`)
      }
      const [held] = await report.measure(
        `verify_history of ${size} events, CPU time`,
        [
          {
            name: "bytes, columns, links and checkpoints, against a held one",
            run: () => cpu(() => verify(note, "checkpoints")),
          },
          {
            name: "of which the leaf hashes, by SQL",
            run: () => cpu(() => db.query("select count(sha256('\\x00'::bytea || bytes)) from integrity._events")),
          },
        ],
        { samples: 5 },
      )
      report.goal({ name: `${size} events verified`, value: held?.median ?? Number.NaN, limit: 100, unit: "ms" })
      await report.measure(
        "signatures => all, per event, CPU time",
        [
          {
            name: "verify_history(signatures => 'all')",
            operations: size,
            run: () => cpu(() => verify(note, "all")),
          },
        ],
        { samples: 2, warmup: 0 },
      )
      const query = (sql: string, ...args: unknown[]) => cpu(() => db.query(sql, args))
      await report.measure("one event, CPU time", [
        {
          name: "insert of the same JSON into a plain table",
          operations: 100,
          run: () => query("insert into bench_rows select $1::jsonb from generate_series(1, 100)", transition),
        },
        {
          name: "append, signed and chained, 100 in a transaction",
          operations: 100,
          run: () => query(append, transition, 100),
        },
        { name: "verify_event", run: () => query("select * from integrity.verify_event(5000)") },
        {
          name: "inclusion_proof among 10,000",
          run: () => query("select * from integrity.inclusion_proof(5000, 10000)"),
        },
        {
          name: "consistency_proof from 5,000 to 10,000",
          run: () => query("select * from integrity.consistency_proof(5000, 10000)"),
        },
        {
          name: "checkpoint after one more event",
          run: async () => {
            await db.query(append, [transition, 1])
            return query("select integrity.checkpoint()")
          },
        },
      ])
    } finally {
      await db.close()
    }
  },
}

/** Milliseconds of CPU, user and system, of all threads of this process. */
const cpu = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

export default benchmark
