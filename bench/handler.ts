import { openServer } from "../host/conformance/server.ts"
import type { Benchmark } from "./lib/report.ts"

/** Calls for one sample of a function; rows for the bulk cases. */
const calls = 100_000
const rows = 100_000
const schema = "plv8_bench"

const functions = `
  create function js_add(a int, b int) returns int language plv8 immutable as $fn$ return a + b $fn$;
  create function pl_add(a int, b int) returns int language plpgsql immutable as $fn$ begin return a + b; end $fn$;
  create function js_text(t text) returns text language plv8 immutable as $fn$ return t + '!' $fn$;
  create function pl_text(t text) returns text language plpgsql immutable as $fn$ begin return t || '!'; end $fn$;
  create function js_jsonb(j jsonb) returns jsonb language plv8 immutable as $fn$ j.n++; return j $fn$;
  create function pl_jsonb(j jsonb) returns jsonb language plpgsql immutable as $fn$
    begin return jsonb_set(j, '{n}', to_jsonb((j ->> 'n')::int + 1)); end $fn$;
  create function js_real(v real[]) returns float8 language plv8 immutable as $fn$
    let s = 0; for (let i = 0; i < v.length; i++) s += v[i]; return s $fn$;
  create function js_typed(v plv8_float4array) returns float8 language plv8 immutable as $fn$
    let s = 0; for (let i = 0; i < v.length; i++) s += v[i]; return s $fn$;
  create function pl_real(v real[]) returns float8 language plpgsql immutable as $fn$
    declare s float8 := 0; x real; begin foreach x in array v loop s := s + x; end loop; return s; end $fn$;
  create function js_execute(n int) returns int language plv8 as $fn$
    for (let i = 0; i < n; i++) plv8.execute('select ' + (i % 100) + ' as x'); return 0 $fn$;
  create function pl_execute(n int) returns int language plpgsql as $fn$
    declare x int; begin for i in 0..n - 1 loop execute 'select ' || (i % 100) into x; end loop; return 0; end $fn$;
  create function js_parameter(n int) returns int language plv8 as $fn$
    for (let i = 0; i < n; i++) plv8.execute('select $1::int as x', [i]); return 0 $fn$;
  create function js_plan(n int) returns int language plv8 as $fn$
    const plan = plv8.prepare('select $1 as x', ['int'])
    for (let i = 0; i < n; i++) plan.execute([i])
    plan.free(); return 0 $fn$;
  create function pl_plan(n int) returns int language plpgsql as $fn$
    declare x int; begin for i in 0..n - 1 loop select i into x from (values (1)) v; end loop; return 0; end $fn$;
  create function js_rows_out(n int) returns table (a int, b text, c float8) language plv8 as $fn$
    for (let i = 0; i < n; i++) plv8.return_next({a: i, b: 'row ' + i, c: i / 2}) $fn$;
  create function pl_rows_out(n int) returns table (a int, b text, c float8) language plpgsql as $fn$
    begin for i in 0..n - 1 loop a := i; b := 'row ' || i; c := i / 2.0; return next; end loop; end $fn$;
  create function js_rows_in(n int) returns float8 language plv8 as $fn$
    let s = 0
    for (const r of plv8.execute('select a, b, c from bulk limit $1', [n])) s += r.a + r.b.length + r.c
    return s $fn$;
  create function pl_rows_in(n int) returns float8 language plpgsql as $fn$
    declare s float8 := 0; r record;
    begin for r in select a, b, c from bulk limit n loop s := s + r.a + length(r.b) + r.c; end loop; return s; end $fn$;
  create function js_loop(n int) returns float8 language plv8 as $fn$
    let x = 0; for (let i = 0; i < n; i++) { x = (x * 1103515245 + i) % 2147483647; x += Math.sqrt(i) } return x $fn$;
  create table bulk as select i as a, 'row ' || i as b, i / 2.0::float8 as c from generate_series(1, ${rows}) i;
  create table args as select i, 'text ' || i as t, jsonb_build_object('n', i, 's', 'abc') as j,
    array[1, 2, 3, 4, 5, 6, 7, 8]::real[] as r from generate_series(1, ${calls}) i;
  analyze`

/** The same loop as js_loop, in this process. */
function nodeLoop(n: number): number {
  let x = 0
  for (let i = 0; i < n; i++) {
    x = (x * 1_103_515_245 + i) % 2_147_483_647
    x += Math.sqrt(i)
  }
  return x
}

const benchmark: Benchmark = {
  subject: "handler",
  about: `costs of the plv8 handler beside plpgsql in the same database: ${calls} calls a sample, ${rows} rows in bulk`,
  async run(report) {
    const server = await openServer(process.env["DATABASE_URL"])
    const client = await server.connect()
    const query = (sql: string) => client.query(sql)
    try {
      await query("create extension if not exists plv8").catch(() => undefined)
      await query(`drop schema if exists ${schema} cascade; create schema ${schema}`)
      await query(`set search_path = ${schema}, public; set jit = off`)
      await query(functions)

      const calling = async (title: string, column: string, cases: Record<string, string>) => {
        const names = Object.keys(cases)
        const measured = await report.measure(
          title,
          [
            {
              name: "the query without a call",
              run: async () => void (await query(`select count(${column}) from args`)),
            },
            ...names.map((name) => ({
              name,
              run: async () => void (await query(`select count(${cases[name]}) from args`)),
            })),
          ],
          { samples: 7 },
        )
        const [base, ...rest] = measured.map(({ median }) => median)
        const net = rest.map((median) => ((median - (base ?? 0)) * 1000) / calls)
        for (const [index, name] of names.entries()) report.fact(`us a call of ${name}`, net[index] ?? 0)
        return net
      }

      const [trivialJs = 0, trivialPl = 1] = await calling("a trivial call", "i", {
        "plv8 a + b": "js_add(i, i)",
        "plpgsql a + b": "pl_add(i, i)",
      })
      report.goal({ name: "trivial call, plv8 / plpgsql", value: trivialJs / trivialPl, limit: 0.5 })
      await calling("text in and out", "t", { "plv8 text": "js_text(t)", "plpgsql text": "pl_text(t)" })
      await calling("jsonb in and out", "j", { "plv8 jsonb": "js_jsonb(j)", "plpgsql jsonb": "pl_jsonb(j)" })
      await calling("eight real numbers in", "r", {
        "plv8 real[]": "js_real(r)",
        "plv8 typed array": "js_typed(r)",
        "plpgsql real[]": "pl_real(r)",
      })

      const inner = 20_000
      await report.measure(
        `${inner} statements inside a function`,
        [
          {
            name: "plv8.execute, text of its own",
            run: async () => void (await query(`select js_execute(${inner})`)),
            operations: inner,
          },
          {
            name: "plpgsql execute, text of its own",
            run: async () => void (await query(`select pl_execute(${inner})`)),
            operations: inner,
          },
          {
            name: "plv8.execute with a parameter",
            run: async () => void (await query(`select js_parameter(${inner})`)),
            operations: inner,
          },
          {
            name: "plv8 prepared plan",
            run: async () => void (await query(`select js_plan(${inner})`)),
            operations: inner,
          },
          {
            name: "plpgsql select into",
            run: async () => void (await query(`select pl_plan(${inner})`)),
            operations: inner,
          },
        ],
        { samples: 7 },
      )
      await report.measure(
        `${rows} rows of three columns out of a function`,
        [
          {
            name: "plv8 return_next",
            run: async () => void (await query(`select count(b) from js_rows_out(${rows})`)),
          },
          {
            name: "plpgsql return next",
            run: async () => void (await query(`select count(b) from pl_rows_out(${rows})`)),
          },
        ],
        { samples: 7 },
      )
      await report.measure(
        `${rows} rows of three columns into a function`,
        [
          { name: "plv8.execute", run: async () => void (await query(`select js_rows_in(${rows})`)) },
          { name: "plpgsql for", run: async () => void (await query(`select pl_rows_in(${rows})`)) },
        ],
        { samples: 7 },
      )

      const loop = 5_000_000
      const [inside, outside] = await report.measure(
        `a JavaScript loop of ${loop} rounds`,
        [
          { name: "in plv8", run: async () => void (await query(`select js_loop(${loop})`)) },
          { name: "in Node", run: () => void nodeLoop(loop) },
        ],
        { samples: 7 },
      )
      report.goal({ name: "loop, plv8 / Node", value: (inside?.median ?? 0) / (outside?.median ?? 1), limit: 1.1 })
      await query(`drop schema ${schema} cascade`)
    } finally {
      await client.end()
      await server.close()
    }
  },
}
export default benchmark
