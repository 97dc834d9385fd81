import { type Database, openDatabase } from "../test/support/database.ts"
import type { Benchmark } from "./lib/report.ts"

/** Nodes that a user added, and edges of each: a ring with chords; 0 is the default graph of one partition. */
const sizes = [
  { nodes: 0, chords: 0 },
  { nodes: 10, chords: 4 },
  { nodes: 100, chords: 4 },
  { nodes: 1000, chords: 4 },
  { nodes: 1000, chords: 100 },
]
const EDGES = 500_000

const server = process.env["DATABASE_URL"] !== undefined

/** Node i is joined to i + 1, i + 2, ... i + chords, round the ring. */
const addGraph = async (db: Database, collection: string, nodes: number, chords: number): Promise<void> => {
  // straight into the tables: add_node and add_edge check each one
  await db.query(
    `insert into integrity._nodes (collection, id, node_type, name, class, health, hard, error_rate, node_data)
     select $1, i, 'gateway', 'n' || i, 'degradable', 1, false, 0, '{}' from generate_series(1, $2::int) i`,
    [collection, nodes],
  )
  await db.query(
    `insert into integrity._edges (collection, source, target, edge_type, capacity, class)
     select $1, 'n' || i, 'n' || 1 + (i - 1 + k) % $2::int, 'routing_link', 1, 'degradable'
     from generate_series(1, $2::int) i, generate_series(1, $3::int) k`,
    [collection, nodes, chords],
  )
}

const benchmark: Benchmark = {
  subject: "integrity",
  about: `one sample from the catalogs to the state, over graphs with 0 to 1000 added nodes and up to 100,000 added edges, and its parts, on ${server ? "a server" : "the embedded database"}`,
  async run(report) {
    const db = await openDatabase()
    const times =
      (calls: number, sql: string, params: readonly unknown[] = []) =>
      async () => {
        for (let i = 0; i < calls; i++) await db.query(sql, params)
      }
    try {
      for (const { nodes, chords } of sizes) {
        const name = `docs_${nodes}_${chords}`
        await db.query("select penstock.create_collection($1, 3)", [name])
        if (nodes > 0) await addGraph(db, name, nodes, chords)
      }
      await report.measure(
        "integrity.sample, everything included",
        sizes.map(({ nodes, chords }) => ({
          name: `${nodes} added nodes, ${nodes * chords} edges`,
          run: times(1, "select integrity.sample($1)", [`docs_${nodes}_${chords}`]),
        })),
        { samples: 5 },
      )
      report.notRun(
        `integrity.sample with ${EDGES} added edges`,
        "a graph takes at most 100,000: a sample carries its edges as JSON, and more do not fit into JavaScript's memory limit",
      )

      await db.query("create table public.wide (source int, target int, weight float8)")
      await db.query(
        `insert into public.wide select i, j, 1 + (i + j) % 7 from generate_series(0, 999) i, generate_series(i + 1, 999) j`,
      )
      const all = "(select array_agg(source) s, array_agg(target) t, array_agg(weight) w from public.wide) e"
      await report.measure(
        "the cut alone over 1000 nodes and 499,500 edges, which integrity.min_cut takes as arrays or rows",
        [
          { name: "array_agg of the edges", run: times(1, `select cardinality(s) from ${all}`) },
          {
            name: "with integrity.min_cut",
            run: times(1, `select (integrity.min_cut(1000, s, t, w)).cut_value from ${all}`),
          },
        ],
        { samples: 5 },
      )
      await report.measure(
        "the parts of a sample",
        [
          {
            name: "evidence, no added nodes",
            run: times(20, "select integrity._evidence('docs_0_0')"),
            operations: 20,
          },
          { name: "evidence, 1000 added nodes", run: times(1, "select integrity._evidence('docs_1000_4')") },
          {
            name: "contraction, 1000 added nodes",
            run: times(
              1,
              "select (integrity._contract(s.evidence)).node_count from integrity._samples s where s.collection = 'docs_1000_4'",
            ),
          },
          {
            name: "adding one edge",
            run: times(10, "select integrity.add_edge('docs_1000_4', 'n1', 'n500', 'dependency')"),
            operations: 10,
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
