/**
 * The language plv8 on a server, our handler plv8_host against plpgsql in the same run. A private cluster is
 * started and removed; where `make native` has not run, nothing is measured.
 */
import { existsSync, mkdtempSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import pg from "pg"
import { type Cluster, removeCluster, runServerProgram, startCluster } from "../host/native/cluster.ts"
import type { Case } from "./lib/measure.ts"
import type { Benchmark, Report } from "./lib/report.ts"

const calls = 200_000
const statements = 20_000
const edges = 1_000_000

/** One name per language, so that both run in one session. */
const definitions = `
create function js_int(a int) returns int language plv8 as 'return a';
create function pg_int(a int) returns int language plpgsql as 'begin return a; end';
create function js_text(a text) returns text language plv8 as 'return a';
create function pg_text(a text) returns text language plpgsql as 'begin return a; end';
create function js_jsonb(a jsonb) returns jsonb language plv8 as 'return a';
create function pg_jsonb(a jsonb) returns jsonb language plpgsql as 'begin return a; end';
create function js_bytea(a bytea) returns bytea language plv8 as 'return a';
create function pg_bytea(a bytea) returns bytea language plpgsql as 'begin return a; end';
create function js_typed(a plv8_float8array) returns float8 language plv8 as 'return a[0]';
create function pg_typed(a float8[]) returns float8 language plpgsql as 'begin return a[1]; end';
create function js_execute(n int) returns int language plv8 as
  'let s = 0; for (let i = 0; i < n; i++) s += plv8.execute("select $1::int as x", [i])[0].x & 1; return s';
create function pg_execute(n int) returns int language plpgsql as
  'declare s int = 0; x int; begin for i in 1..n loop execute ''select $1::int as x'' into x using i; s = s + (x & 1); end loop; return s; end';
create function js_plan(n int) returns int language plv8 as
  'let s = 0; const p = plv8.prepare("select $1::int as x", ["int"]);
   for (let i = 0; i < n; i++) s += p.execute([i])[0].x & 1; p.free(); return s';
create function pg_plan(n int) returns int language plpgsql as
  'declare s int = 0; x int; begin for i in 1..n loop select i + 0 from pg_catalog.generate_series(1, 1) into x; s = s + (x & 1); end loop; return s; end';

create table edges as select i % 1000 as a, (i * 7) % 1000 as b, ((i * 79) % 1009 / 1009.0)::float4 as w from generate_series(1, ${edges}) i;
create function rows_in() returns float8 language plv8 as
  'let s = 0; for (const r of plv8.execute("select a, b, w from edges")) s += r.w; return s';
create function pg_rows_in() returns float8 language plpgsql as
  'declare s float8 = 0; r record; begin for r in select a, b, w from edges loop s = s + r.w; end loop; return s; end';
create function cursor_in() returns float8 language plv8 as
  'let s = 0, rows; const p = plv8.prepare("select a, b, w from edges"), c = p.cursor();
   while ((rows = c.fetch(1000))) for (const r of rows) s += r.w; c.close(); p.free(); return s';
create function arrays_in(a int[], b int[], w float4[]) returns float8 language plv8 as
  'let s = 0; for (let i = 0; i < w.length; i++) s += w[i]; return s';
create function typed_in(a plv8_int4array, b plv8_int4array, w plv8_float4array) returns float8 language plv8 as
  'let s = 0; for (let i = 0; i < w.length; i++) s += w[i]; return s';
create function bytea_in(e bytea) returns float8 language plv8 as
  'const v = new DataView(e.buffer); let s = 0; for (let i = 8; i < e.length; i += 12) s += v.getFloat32(i); return s';
create function objects_in(e jsonb) returns float8 language plv8 as
  'let s = 0; for (const r of e) s += r.w; return s';
create function bytea_out() returns bytea language plv8 as 'return new Uint8Array(8e6)';
create function rows_out() returns table (a int, w float8) language plv8 as
  'for (let i = 0; i < ${edges}; i++) plv8.return_next({ a: i, w: 0.5 })';
`

/** A session with the language, and what its rows are called. */
interface Subject {
  label: string
  client: pg.Client
}

const timed = (client: pg.Client, name: string, text: string, operations = 1): Case => ({
  name,
  operations,
  run: async () => {
    await client.query(text)
  },
})

const measureCalls = async (report: Report, [ours, ...others]: readonly [Subject, ...Subject[]]): Promise<void> => {
  const all = [ours, ...others]
  const { client } = ours
  const loop = timed(client, "the loop alone", `select count(i) from generate_series(1, ${calls}) i`, calls)
  const inputs: Record<string, string> = {
    int: "i",
    text: "'hello world'",
    jsonb: `'{"a": 1, "b": [1, 2, 3], "c": "text"}'`,
    typed: "'{1,2,3,4}'",
    bytea: "'\\x0001020304050607'",
  }
  for (const [suffix, argument] of Object.entries(inputs)) {
    const sql = (prefix: string) => `select count(${prefix}_${suffix}(${argument})) from generate_series(1, ${calls}) i`
    const measured = await report.measure(`one call, ${suffix}`, [
      ...all.map((subject) => timed(subject.client, subject.label, sql("js"), calls)),
      timed(client, "plpgsql", sql("pg"), calls),
      loop,
    ])
    const empty = measured.at(-1)?.median ?? 0
    for (const { name, median } of measured.slice(0, -1)) {
      report.fact(`${name} ${suffix}, microseconds without the loop`, (median - empty) * 1000)
    }
    if (suffix !== "int") continue
    const value = ((measured[0]?.median ?? 0) - empty) * 1000
    report.goal({ name: "a trivial call", value, limit: 0.6, unit: "us" })
  }
  await report.measure("one statement", [
    ...all.flatMap((subject) => [
      timed(subject.client, `${subject.label}: plv8.execute`, `select js_execute(${statements})`, statements),
      timed(subject.client, `${subject.label}: plan.execute`, `select js_plan(${statements})`, statements),
    ]),
    timed(client, "plpgsql execute", `select pg_execute(${statements})`, statements),
    timed(client, "plpgsql static", `select pg_plan(${statements})`, statements),
  ])
  await report.measure(
    "a million edges",
    bulk.flatMap(([name, text]) =>
      all.flatMap((subject) => {
        // What runs no JavaScript is measured once.
        const isCommon = name.includes("plpgsql") || name.includes("SQL")
        if (isCommon) return subject === ours ? [timed(client, name, text)] : []
        return [timed(subject.client, `${subject.label}: ${name}`, text)]
      }),
    ),
    { samples: 3, warmup: 1 },
  )
}

const bulk: [string, string][] = [
  ["typed arrays", "select typed_in(array_agg(a), array_agg(b), array_agg(w)) from edges"],
  [
    "the SQL aggregates alone",
    "select cardinality(array_agg(a)), cardinality(array_agg(b)), cardinality(array_agg(w)) from edges",
  ],
  ["bytea and DataView", "select bytea_in(string_agg(int4send(a) || int4send(b) || float4send(w), '')) from edges"],
  ["JavaScript arrays", "select arrays_in(array_agg(a), array_agg(b), array_agg(w)) from edges"],
  ["rows of execute", "select rows_in()"],
  ["plpgsql, rows in a loop", "select pg_rows_in()"],
  ["a cursor of 1000", "select cursor_in()"],
  ["jsonb", "select objects_in(jsonb_agg(jsonb_build_object('a', a, 'b', b, 'w', w))) from edges"],
  ["8 MB out as bytea", "select length(bytea_out())"],
  ["rows out", "select count(*) from rows_out()"],
]

/** A first call: connecting is not counted. */
const coldCall =
  (url: string): Case["run"] =>
  async () => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query("select 1")
    const start = performance.now()
    await client.query("select js_int(1)")
    const elapsed = performance.now() - start
    await client.end()
    return elapsed
  }

const residentMegabytes = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid")
  const status = await readFile(`/proc/${rows[0]?.pid}/status`, "utf8")
  return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
}

const measureMemory = async (report: Report, url: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query("select pg_int(1)")
  const before = await residentMegabytes(client)
  await client.query("select js_int(1)")
  const after = await residentMegabytes(client)
  await client.end()
  console.log("\nmemory of a backend")
  report.fact("private MB before JavaScript", before)
  report.fact("private MB after a call", after)
}

const withCluster = async (
  settings: Record<string, string>,
  work: (cluster: Cluster) => Promise<void>,
): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), "penstock-bench-"))
  const cluster = await startCluster({ dir, settings })
  try {
    await work(cluster)
  } finally {
    await removeCluster(dir)
  }
}

const withClusters = (work: (plain: Cluster, preloaded: Cluster) => Promise<void>): Promise<void> =>
  withCluster({}, (plain) =>
    withCluster({ shared_preload_libraries: "plv8_host", "plv8.memory_limit": "1024MB" }, (preloaded) =>
      work(plain, preloaded),
    ),
  )

const isInstalled = async (): Promise<boolean> => {
  try {
    return existsSync((await runServerProgram("pg_config", ["--sharedir"])).trim() + "/extension/plv8_host.control")
  } catch {
    return false
  }
}

const prepared = async (url: string, extension: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined) // a server that stops after a failure ends its connections
  await client.connect()
  await client.query(`create extension ${extension}`)
  await client.query(definitions)
  await client.query("set max_parallel_workers_per_gather = 0; set jit = off")
  return client
}

/** Real plv8 beside ours in the same run, where this machine's server has it. */
const realPlv8 = async ({ url }: Cluster, report: Report): Promise<Subject | undefined> => {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  try {
    const { rowCount } = await admin.query("select from pg_available_extensions where name = 'plv8'")
    if (rowCount === 0) {
      report.notRun("real plv8", "this machine's server has none")
      return undefined
    }
    await admin.query("create database real_plv8")
  } finally {
    await admin.end()
  }
  const target = new URL(url)
  target.pathname = "/real_plv8"
  return { label: "plv8", client: await prepared(target.href, "plv8") }
}

const benchmark: Benchmark = {
  subject: "native",
  about: `plv8_host on a private cluster: ${calls} calls, ${statements} statements, ${edges} edges`,
  async run(report) {
    if (!(await isInstalled())) {
      report.notRun("plv8_host", "make native installs it")
      return
    }
    await withClusters(async (plain, preloaded) => {
      const clients = [await prepared(plain.url, "plv8_host"), await prepared(preloaded.url, "plv8_host")]
      const ours = { label: "plv8_host", client: clients[1] as pg.Client }
      const real = await realPlv8(plain, report)
      await measureCalls(report, real === undefined ? [ours] : [ours, real])
      await real?.client.end()
      const [cold] = await report.measure(
        "the first call of a session",
        [
          { name: "preloaded", run: coldCall(preloaded.url) },
          { name: "plain", run: coldCall(plain.url) },
        ],
        { samples: 15 },
      )
      if (cold !== undefined)
        report.goal({ name: "the first call, preloaded", value: cold.median, limit: 6, unit: "ms" })
      await measureMemory(report, preloaded.url)
      await Promise.all(clients.map((one) => one.end()))
    })
  },
}
export default benchmark
