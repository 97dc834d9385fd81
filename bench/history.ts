/** The signed history on the embedded database: appending, verifying, proving. */
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
        `verify_history of ${size} events`,
        [
          { name: "bytes, columns, links and checkpoints, against a held one", run: () => verify(note, "checkpoints") },
          { name: "SQL alone: leaf hashes of the same events", run: () => db.query(hashes).then(() => undefined) },
        ],
        { samples: 5 },
      )
      report.goal({ name: `${size} events verified`, value: held?.median ?? Number.NaN, limit: 100, unit: "ms" })
      await report.measure(
        "signatures => all, per event",
        [{ name: "verify_history(signatures => 'all')", operations: size, run: () => verify(note, "all") }],
        { samples: 2, warmup: 0 },
      )
      await report.measure("one event", [
        {
          name: "insert of the same JSON into a plain table",
          operations: 100,
          run: () =>
            db
              .query("insert into bench_rows select $1::jsonb from generate_series(1, 100)", [transition])
              .then(noValue),
        },
        {
          name: "append, signed and chained, 100 in a transaction",
          operations: 100,
          run: () => db.query(append, [transition, 100]).then(noValue),
        },
        { name: "verify_event", run: () => db.query("select * from integrity.verify_event(5000)").then(noValue) },
        {
          name: "inclusion_proof",
          run: () => db.query("select * from integrity.inclusion_proof(5000, 10000)").then(noValue),
        },
        {
          name: "consistency_proof",
          run: () => db.query("select * from integrity.consistency_proof(5000, 10000)").then(noValue),
        },
        {
          name: "checkpoint after one more event",
          run: async () => {
            await db.query(append, [transition, 1])
            const start = performance.now()
            await db.query("select integrity.checkpoint()")
            return performance.now() - start
          },
        },
      ])
    } finally {
      await db.close()
    }
  },
}

const hashes = "select count(sha256('\\x00'::bytea || bytes)) from integrity._events"
const noValue = (): undefined => undefined

export default benchmark
