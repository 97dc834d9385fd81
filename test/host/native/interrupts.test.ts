import { beforeAll, expect, test } from "@jest/globals"
import { describeNative, type Session } from "./support.ts"

/** (module (func (export "f") (loop (br 0)))) */
const wasmLoop = `new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([
  0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11]))).exports.f()`

const loops: Record<string, string> = {
  plain: "for (;;);",
  "try and catch inside": "for (;;) { try { for (;;); } catch (e) {} }",
  "finally inside": "for (;;) { try { throw 1 } catch (e) { for (;;); } finally { for (;;); } }",
  "after a nested call": `plv8.execute("do language plv8 'plv8.execute(\\"select 1\\")'"); for (;;);`,
  "in a nested call": `for (;;) { try { plv8.execute("do language plv8 'for (;;);'") } catch (e) {} }`,
  "of caught statements": "for (;;) { try { plv8.execute('select 1/0') } catch (e) {} }",
  "in a subtransaction": "for (;;) { try { plv8.subtransaction(() => { for (;;); }) } catch (e) {} }",
  "of a regular expression": "/(a*)*b/.test('a'.repeat(50))",
  WebAssembly: wasmLoop,
  "Atomics.wait": "for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
  microtasks: "const f = () => Promise.resolve().then(f); f()",
  "in a getter of the error": "throw { get message() { for (;;); } }",
  "in a caught sleep": "for (;;) { try { plv8.execute('select pg_sleep(60)') } catch (e) {} }",
  "in a parameter": "plv8.execute('select $1::text', [{ toString() { for (;;); } }])",
}

// Only to tell a hang from an answer; how fast it is belongs in bench/.
const hang = 20_000

describeNative("interrupts", {}, (native) => {
  let admin: Session
  beforeAll(async () => {
    admin = await native.open()
  })

  test.each(Object.entries(loops))(
    "a loop %s obeys statement_timeout",
    async (_, loop) => {
      const session = await native.open()
      await session.query("set statement_timeout = 200")
      expect(await session.code(loop)).toBe("57014")
      await session.query("set statement_timeout = 0")
      expect(await session.value("select 1")).toBe(1)
      await session.close()
    },
    hang,
  )

  test.each(Object.entries(loops))(
    "a loop %s obeys pg_cancel_backend and pg_terminate_backend",
    async (_, loop) => {
      const session = await native.open()
      const pid = await session.processId()
      const whenBusy = async () => {
        const busy = "select from pg_stat_activity where pid = $1 and state = 'active' and query like 'do language%'"
        while ((await admin.query(busy, [pid])).length === 0);
        await admin.query("select pg_sleep(0.1)")
      }
      const cancelled = session.code(loop)
      await whenBusy()
      await admin.query("select pg_cancel_backend($1)", [pid])
      expect(await cancelled).toBe("57014")

      const terminated = session.code(loop)
      await whenBusy()
      await admin.query("select pg_terminate_backend($1)", [pid])
      expect(await terminated).toBe("57P01")
    },
    hang,
  )

  test(
    "returning rows of an array that claims 2^32 of them obeys statement_timeout and a cancel",
    async () => {
      const session = await native.open()
      const pid = await session.processId()
      await session.query(
        "create function claims() returns setof int4 language plv8 as 'return new Array(2 ** 32 - 1)'",
      )
      await session.query("set statement_timeout = 200")
      expect((await session.error("select count(*) from claims()")).code).toBe("57014")
      await session.query("set statement_timeout = 0")
      const cancelled = session.error("select count(*) from claims()")
      await admin.query("select pg_sleep(0.2), pg_cancel_backend($1)", [pid])
      expect((await cancelled).code).toBe("57014")
      await session.close()
    },
    hang,
  )

  test("JavaScript does not go on after a cancel that it caught", async () => {
    const session = await native.open()
    await session.query("create table if not exists swallowed (i int)")
    await session.query("set statement_timeout = 200")
    const code = await session.code(`
      try { plv8.execute("select pg_sleep(60)") } catch (e) {}
      plv8.elog(WARNING, "went on")
      plv8.execute("insert into swallowed values (1)")`)
    expect(code).toBe("57014")
    expect(await admin.value("select count(*)::int from swallowed")).toBe(0)
  })

  test("plv8.execution_timeout ends a call", async () => {
    const session = await native.open()
    await session.query("set plv8.execution_timeout = 1")
    expect(await session.code("try { for (;;); } catch (e) {}")).toBe("57014")
    await session.run("let n = 0; for (let i = 0; i < 1000; i++) n++")
  })

  test("an interrupt that is no cancel disturbs nothing", async () => {
    const session = await native.open()
    const pid = await session.processId()
    const sum = session.query("do language plv8 $js$ let s = 0; for (let i = 0; i < 3e8; i++) s += i $js$")
    await admin.query("select pg_sleep(0.05)")
    await admin.query("select pg_log_backend_memory_contexts($1)", [pid])
    await sum
  })

  test(
    "a built-in that looks for no interrupts costs the session, not the server",
    async () => {
      const session = await native.open()
      await session.query("set statement_timeout = 200")
      expect(await session.code("Array.prototype.indexOf.call({ length: 2 ** 50 }, 1)")).toBe("57014")
      expect(await admin.value("select 1")).toBe(1)
    },
    hang,
  )
})
