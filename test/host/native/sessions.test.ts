import { expect, test } from "@jest/globals"
import { readFile } from "node:fs/promises"
import { describeNative, type Session } from "./support.ts"

const long = process.env.PENSTOCK_TEST_LONG === "1"

/** Resident memory of a backend, in bytes. */
const residentMemory = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8")
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
}

const definePlain = (session: Session) =>
  session.query(
    "create or replace function plain(i int) returns int language plv8 immutable parallel safe as 'return i * 2'",
  )

describeNative("sessions", { shared_preload_libraries: "plv8_host" }, (native) => {
  test("shared_preload_libraries loads the library and starts nothing", async () => {
    const session = await native.open()
    expect(await session.value("show plv8.memory_limit")).toBe("256MB")
    await definePlain(session)
    const [, postmaster] = /^(\d+)\n/.exec(await readFile(`${native.cluster.data}/postmaster.pid`, "utf8")) ?? []
    expect(await readFile(`/proc/${postmaster}/status`, "utf8")).toMatch(/Threads:\s+1\n/)
  })

  test("backends come and go", async () => {
    for (let i = 0; i < 30; i++) {
      const session = await native.open()
      await definePlain(session)
      expect(await session.value("select plain(21)")).toBe(42)
      if (i % 3 === 0) session.ended = { code: "", message: "" }
      if (i % 3 === 0) await session.error("select pg_terminate_backend(pg_backend_pid())")
      else await session.close()
    }
  })

  test("parallel workers have environments of their own", async () => {
    const session = await native.open()
    await definePlain(session)
    await session.query(`
      create table many as select i from generate_series(1, 20000) i;
      analyze many;
      set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
      set max_parallel_workers_per_gather = 2`)
    const plan = await session.query("explain (analyze, costs off, timing off) select sum(plain(i)) from many")
    expect(JSON.stringify(plan)).toMatch(/Workers Launched: [12]/)
    expect(await session.value("select sum(plain(i))::int from many")).toBe(400020000)
  })

  test("100,000 errors leave nothing behind", async () => {
    const session = await native.open()
    const pid = await session.processId()
    await session.query(`
      create table if not exists caught (n int);
      create or replace function fails(i int) returns int language plv8 as $js$
        if (i % 4 === 0) plv8.execute("select 1 / 0")
        if (i % 4 === 1) plv8.execute("select nothing from nowhere")
        if (i % 4 === 2) null.x
        throw Object.assign(new Error("of our own"), { code: "P0001", detail: "d", hint: "h" })
      $js$;
      create or replace procedure fail_often(n int) language plpgsql as $body$
      begin
        for i in 1..n loop
          begin perform fails(i); exception when others then null; end;
        end loop;
      end $body$`)
    const count = long ? 1_000_000 : 100_000
    await session.query("call fail_often(20000)")
    const before = await residentMemory(pid)
    await session.query(`call fail_often(${count})`)
    expect((await residentMemory(pid)) - before).toBeLessThan(24 * 2 ** 20)
    await session.close()
  }, 240_000)

  test("100,000 errors caught in JavaScript leave nothing behind", async () => {
    const session = await native.open()
    const pid = await session.processId()
    const loop = (n: number) =>
      session.run(`
      let caught = 0
      for (let i = 0; i < ${n}; i++) {
        try { plv8.execute(i % 2 ? "select 1 / 0" : "select $1::int", ["x"].slice(i % 2)) } catch (e) { caught += e.code.length }
      }
      if (caught !== ${n} * 5) throw new Error(caught)`)
    await loop(20_000)
    const before = await residentMemory(pid)
    await loop(100_000)
    expect((await residentMemory(pid)) - before).toBeLessThan(24 * 2 ** 20)
  }, 240_000)

  test("plans that nobody frees are collected", async () => {
    const session = await native.open()
    const pid = await session.processId()
    const loop = (n: number) =>
      session.run(`for (let i = 0; i < ${n}; i++) plv8.prepare("select $1::int + " + i % 10, ["int"]).execute([i])`)
    await loop(5_000)
    const before = await residentMemory(pid)
    await loop(20_000)
    expect((await residentMemory(pid)) - before).toBeLessThan(200 * 2 ** 20)
  })

  test("a function that is replaced is compiled again, in open sessions too", async () => {
    const [one, two] = [await native.open(), await native.open()]
    await one.query("create or replace function version() returns int language plv8 as 'return 1'")
    expect(await two.value("select public.version()")).toBe(1)
    await one.query("create or replace function version() returns int language plv8 as 'return 2'")
    expect(await two.value("select public.version()")).toBe(2)
    expect(await one.value("select public.version()")).toBe(2)
  })

  test("plv8_reset gives a fresh environment", async () => {
    const session = await native.open()
    await session.run("globalThis.kept = 1")
    await session.run("if (kept !== 1) throw new Error()")
    await session.query("select plv8_reset()")
    await session.run("if (typeof kept !== 'undefined') throw new Error()")
    await session.run("plv8.execute('select plv8_reset()'); globalThis.kept = 2")
    await session.run("if (typeof kept !== 'undefined') throw new Error()")
    const [info] = JSON.parse(JSON.stringify(await session.value("select plv8_info()"))) as {
      heap_size_limit: number
    }[]
    expect(info?.heap_size_limit).toBeGreaterThan(200 * 2 ** 20)
  })
})
