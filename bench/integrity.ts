import { openDatabase } from "../test/support/database.ts"
import type { Benchmark } from "./lib/report.ts"

/** Nodes that a user added, with four edges each; 0 is the default graph of one partition. */
const sizes = [0, 10, 100, 1000]
const EDGES_PER_NODE = 4

const benchmark: Benchmark = {
  subject: "integrity",
  about:
    "one sample from the catalogs to the state, over graphs with 0 to 1000 added nodes (4 edges each), and its parts",
  async run(report) {
    const db = await openDatabase()
    const times =
      (calls: number, sql: string, params: readonly unknown[] = []) =>
      async () => {
        for (let i = 0; i < calls; i++) await db.query(sql, params)
      }
    try {
      for (const size of sizes) {
        const name = `docs_${size}`
        await db.query("select penstock.create_collection($1, 3)", [name])
        // straight into the tables: add_node and add_edge measure at every call
        await db.query(
          `insert into integrity._nodes (collection, id, node_type, name, class, health, hard, error_rate, node_data)
           select $1, i, 'gateway', 'n' || i, 'degradable', 1, false, 0, '{}' from generate_series(1, $2::int) i`,
          [name, size],
        )
        // a ring with chords: node i to i + 1, i + 2, i + 4, i + 8
        await db.query(
          `insert into integrity._edges (collection, source, target, edge_type, capacity, class)
           select $1, 'n' || i, 'n' || 1 + (i - 1 + (1 << k)) % $2::int, 'routing_link', 1, 'degradable'
           from generate_series(1, $2::int) i, generate_series(0, $3::int) k`,
          [name, size, EDGES_PER_NODE - 1],
        )
      }
      await report.measure(
        "integrity.sample, everything included",
        sizes.map((size) => ({
          name: `${size} added nodes`,
          run: times(1, "select integrity.sample($1)", [`docs_${size}`]),
        })),
        { samples: 7 },
      )
      await report.measure(
        "the parts at 1000 added nodes",
        [
          { name: "evidence", run: times(1, "select integrity._evidence('docs_1000')") },
          {
            name: "contraction",
            run: times(
              1,
              "select (integrity._contract(s.evidence)).node_count from integrity._samples s where s.collection = 'docs_1000'",
            ),
          },
        ],
        { samples: 7 },
      )
      const calls = 200
      const sample = JSON.stringify({ now_us: 1_763_658_000_000_000, lambda_cut: 1, fresh: true })
      await report.measure(
        "small calls, per client round trip",
        [
          { name: "select 1", run: times(calls, "select 1"), operations: calls },
          { name: "decide", run: times(calls, "select integrity.decide('{}', 'stress', 'insert')"), operations: calls },
          {
            name: "_next_state",
            run: times(calls, "select integrity._next_state('{}', null, $1)", [sample]),
            operations: calls,
          },
          {
            name: "compile_gates",
            run: times(calls, "select count(*) from integrity.compile_gates('{}', 'stress')"),
            operations: calls,
          },
        ],
        { samples: 7 },
      )
    } finally {
      await db.close()
    }
  },
}
export default benchmark
