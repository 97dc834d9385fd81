import { readFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { openDatabase } from "../test/support/database.ts"
import type { Benchmark } from "./lib/report.ts"

/** DATABASE_URL names a server; without it everything runs on the embedded database. */
const server = process.env["DATABASE_URL"] !== undefined
const calls = 20_000

/** A block that repeats a statement inside the server. */
const loop = (declarations: string, statement: string) =>
  `do $do$ declare ${declarations} begin for i in 1 .. ${calls} loop ${statement} end loop; end $do$`

/** Reads the CPU milliseconds of a server process, when it runs on this machine (Linux). */
const localBackend = async (pid: number): Promise<(() => number) | undefined> => {
  const command = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")
  if (!command.startsWith("postgres")) return undefined
  return () => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6
}

const benchmark: Benchmark = {
  subject: "gate",
  about: `what the gate costs, per client round trip and in a loop inside the ${server ? "server" : "embedded database"}; tables with and without protection differ in nothing else; ${server ? "CPU time of the server process, elapsed time when it is on another machine" : "CPU time of the process, client and database together"}`,
  async run(report) {
    const db = await openDatabase()
    const backend = server ? await localBackend(await db.value("select pg_backend_pid()")) : undefined
    /** Milliseconds of CPU; of the clock where the server is on another machine. */
    const used = () => {
      const { user, system } = process.cpuUsage()
      return backend === undefined ? (server ? performance.now() : (user + system) / 1000) : backend()
    }
    const timed = async (work: () => Promise<void>) => {
      const before = used()
      await work()
      return used() - before
    }
    const repeat = (times: number, sql: string) => async () =>
      timed(async () => {
        for (let i = 0; i < times; i++) await db.query(sql)
      })
    const run = (sql: string) => repeat(1, sql)
    try {
      for (const [name, dimensions, index] of [
        ["bare", 3, "none"],
        ["guarded", 3, "none"],
        ["bare_hnsw", 128, "hnsw"],
        ["guarded_hnsw", 128, "hnsw"],
      ] as const) {
        await db.query(`create table public.${name} (
          id bigint generated always as identity primary key, vector vector(${dimensions}) not null, metadata jsonb
        )`)
        if (index === "hnsw") await db.query(`create index on public.${name} using hnsw (vector vector_l2_ops)`)
        await db.query("select penstock.register($1, $2::text::regclass)", [name, `public.${name}`])
        if (name.startsWith("guarded")) await db.query("select integrity.protect($1, 'enforce')", [name])
      }
      /* Plain searches ask the gate where row security says so; it binds roles other than owner and superuser. */
      await db.exec(`
        insert into bare_hnsw (vector) select
          (select array_agg(sin(i * j)) from generate_series(1, 128) j)::vector from generate_series(1, 5000) i;
        insert into guarded_hnsw (vector) select vector from bare_hnsw order by id;
        drop role if exists penstock_bench_reader;
        create role penstock_bench_reader;
        grant select on bare_hnsw, guarded_hnsw to penstock_bench_reader`)
      await db.query("select integrity.protect('guarded_hnsw', reads => true)")
      const nearest = (table: string) =>
        `select id from ${table} order by vector <-> (select array_agg(sin(j)) from generate_series(1, 128) j)::vector limit 10`
      const upsert = (table: string) =>
        `insert into ${table} (id, vector) overriding system value values (1, '[1,2,3]') on conflict (id) do update set vector = excluded.vector`
      const insertRows = (table: string, rows: number) =>
        `insert into ${table} (vector) select array[i, i + 1, i + 2]::vector from generate_series(1, ${rows}) i`
      const insertIndexed = (table: string) =>
        `insert into ${table} (vector) select array_agg(random())::vector from generate_series(1, 128)`
      await db.exec(`
        set synchronous_commit = off;
        prepare nothing as select 1;
        prepare one_row as
          select response from integrity._gates where collection = 'guarded' and operation = 'insert';
        prepare gate as select (integrity.gate('guarded', 'insert')).allowed;
        prepare enter as select integrity.enter('guarded', 'insert');
        prepare bare_1 as insert into bare (vector) values ('[1,2,3]');
        prepare guarded_1 as insert into guarded (vector) values ('[1,2,3]');
        prepare bare_1000 as ${insertRows("bare", 1000)};
        prepare guarded_1000 as ${insertRows("guarded", 1000)};
        prepare bare_hnsw as ${insertIndexed("bare_hnsw")};
        prepare guarded_hnsw as ${insertIndexed("guarded_hnsw")};
        prepare bare_upsert as ${upsert("bare")};
        prepare guarded_upsert as ${upsert("guarded")};
        prepare bare_nearest as ${nearest("bare_hnsw")};
        prepare guarded_nearest as ${nearest("guarded_hnsw")}`)

      const [nothing, oneRow, gate] = await report.measure(
        "one call, per client round trip",
        [
          { name: "select 1", run: repeat(500, "execute nothing"), operations: 500 },
          { name: "read of one row by primary key", run: repeat(500, "execute one_row"), operations: 500 },
          { name: "integrity.gate", run: repeat(500, "execute gate"), operations: 500 },
          { name: "integrity.enter", run: repeat(500, "execute enter"), operations: 500 },
        ],
        { samples: 9 },
      )
      report.goal({
        name: "gate - select 1",
        value: ((gate?.median ?? 0) - (nothing?.median ?? 0)) * 1000,
        limit: 5,
        unit: "us",
      })
      report.fact(
        "microseconds of which a read of one row takes",
        ((oneRow?.median ?? 0) - (nothing?.median ?? 0)) * 1000,
      )
      await report.measure(
        "one call, in a loop inside the database",
        [
          {
            name: "read of one row by primary key",
            run: run(
              loop(
                "found text;",
                "select g.response into found from integrity._gates g where g.collection = 'guarded' and g.operation = 'insert';",
              ),
            ),
            operations: calls,
          },
          {
            name: "integrity.gate",
            run: run(loop("answer integrity.gate_result;", "answer := integrity.gate('guarded', 'insert');")),
            operations: calls,
          },
          {
            name: "integrity.enter",
            run: run(loop("", "perform integrity.enter('guarded', 'insert');")),
            operations: calls,
          },
        ],
        { samples: 5 },
      )

      const pairs = [
        ["INSERT of one row", "bare_1", "guarded_1", 200, 1.25, ""],
        ["INSERT of one row, synchronous_commit on", "bare_1", "guarded_1", 200, 1.25, "set synchronous_commit = on"],
        ["INSERT of 1000 rows", "bare_1000", "guarded_1000", 5, 1.05, ""],
        ["upsert of one row", "bare_upsert", "guarded_upsert", 200, undefined, ""],
        ["INSERT of one row under an HNSW index, 128 dimensions", "bare_hnsw", "guarded_hnsw", 50, 1.03, ""],
        [
          "10 nearest by HNSW, 5000 rows, 128 dimensions, row security asking the gate",
          "bare_nearest",
          "guarded_nearest",
          100,
          1.03,
          "set role penstock_bench_reader",
        ],
      ] as const
      for (const [title, bareStatement, guardedStatement, times, limit, setting] of pairs) {
        await db.exec(`reset role; set synchronous_commit = off; ${setting}`)
        const [bare, guarded] = await report.measure(
          `${title}, per client round trip`,
          [
            { name: "without protection", run: repeat(times, `execute ${bareStatement}`), operations: times },
            { name: "protected, state normal", run: repeat(times, `execute ${guardedStatement}`), operations: times },
          ],
          { samples: 15 },
        )
        const ratio = (guarded?.median ?? 0) / (bare?.median ?? 1)
        if (limit !== undefined) report.goal({ name: `${title}: protected / without`, value: ratio, limit })
      }
      await db.exec("reset role; set synchronous_commit = off")
      await report.measure(
        "INSERT of one row, in a loop inside the database",
        [
          {
            name: "without protection",
            run: run(loop("", "insert into bare (vector) values ('[1,2,3]');")),
            operations: calls,
          },
          {
            name: "protected, state normal",
            run: run(loop("", "insert into guarded (vector) values ('[1,2,3]');")),
            operations: calls,
          },
        ],
        { samples: 5 },
      )

      /* COPY cannot write many rows at a time while a row trigger is there. */
      const copy = (table: string) => async () => {
        await db.query(`truncate ${table}`)
        return timed(async () => {
          await db.query(`copy ${table} (vector) from '/tmp/penstock-bench-vectors'`)
        })
      }
      await db.exec(
        "copy (select array[i, i + 1, i + 2]::vector from generate_series(1, 5000) i) to '/tmp/penstock-bench-vectors'",
      )
      await db.query("create table public.limited (like public.bare including all)")
      await db.query("select penstock.register('limited', 'public.limited')")
      await db.query(
        `select integrity.set_policy('limited', 'default', '{"normal_actions": {"max_insert_batch_size": 1000000}}')`,
      )
      await db.query("select integrity.protect('limited', 'enforce')")
      await report.measure(
        "COPY of 5000 rows",
        [
          { name: "without protection", run: copy("bare") },
          { name: "protected, no batch limit", run: copy("guarded") },
          { name: "protected, while a batch limit can apply", run: copy("limited") },
        ],
        { samples: 7 },
      )
      await report.measure("integrity.sample, everything included", [
        { name: "one partition", run: run("select integrity.sample('guarded')") },
      ])
    } finally {
      await db.exec("reset role; drop owned by penstock_bench_reader; drop role penstock_bench_reader").catch(() => {})
      await db.close()
    }
  },
}
export default benchmark
