import { beforeAll, expect, test } from "@jest/globals"
import { describeNative, type Session } from "./support.ts"

describeNative("a hostile plain role", {}, (native) => {
  let admin: Session
  let mallory: Session
  beforeAll(async () => {
    await native.role("mallory")
    await native.role("alice")
    admin = await native.open()
    mallory = await native.open("mallory")
  })

  test("may use the language, which is trusted", async () => {
    await mallory.query("create function mallory.one() returns int language plv8 as 'return 1'")
    expect(await mallory.value("select mallory.one()")).toBe(1)
  })

  test.each([
    ["plv8.memory_limit = 3000", "42501"],
    ["plv8.start_proc = 'mallory.one'", "42501"],
    ["plv8.v8_flags = '--allow-natives-syntax'", "42602"],
  ])("cannot set %s", async (setting, code) => {
    expect((await mallory.error(`set ${setting}`)).code).toBe(code)
    expect((await mallory.error(`alter role mallory set ${setting}`)).code).toBe(code)
  })

  test.each(["process", "require", "module", "Deno", "fetch", "setTimeout", "console.log", "d8", "load", "read", "gc"])(
    "has no %s",
    async (name) => {
      const [first = ""] = name.split(".")
      const type = await mallory.code(
        `throw Object.assign(new Error(), { code: typeof ${first} === "undefined" ? "P0001" : "P0002" })`,
      )
      // V8 itself has a console, which has nowhere to write to.
      expect(type).toBe(first === "console" ? "P0002" : "P0001")
    },
  )

  test("cannot import modules or use V8's natives", async () => {
    expect(await mallory.code("eval('%SystemBreak()')")).toBe("42601")
    await mallory.run("import('fs').then(() => { throw new Error() }, () => {})")
    expect(await mallory.code("new Function('return process')()")).toBe("XX000")
  })

  test("changes the built-ins of nobody else, SECURITY DEFINER functions included", async () => {
    await admin.query(`
      create function public.definer(v jsonb) returns text language plv8 security definer
        as 'return JSON.stringify(v) + [1, 2].map((x) => x * 2).join() + plv8.quote_literal("a")';
      create function public.invoker(v jsonb) returns text language plv8 as 'return JSON.stringify(v)'`)
    await mallory.run(`
      globalThis.leak = "mine"
      JSON.stringify = () => "forged"
      JSON.parse = () => ({ forged: true })
      Array.prototype.map = () => ["forged"]
      Object.prototype.code = "00000"
      plv8.quote_literal = () => "forged"
      String.prototype.toString = () => "forged"`)
    expect(await mallory.value(`select public.definer('{"a": 1}')`)).toBe(`{"a":1}2,4'a'`)
    expect(await mallory.value(`select public.invoker('{"a": 1}')`)).toBe("forged")
    await admin.query(
      `create function public.peek() returns text language plv8 security definer as 'return typeof leak'`,
    )
    expect(await mallory.value("select public.peek()")).toBe("undefined")
    await admin.run(`if (JSON.stringify([1]) !== "[1]") throw new Error()`)
  })

  test("finds only functions that it may execute", async () => {
    await admin.query(`
      create function public.secret() returns text language plv8 as 'return "secret"';
      revoke execute on function public.secret from public`)
    expect(await mallory.code("plv8.find_function('public.secret')")).toBe("42501")
    expect(await mallory.code("plv8.find_function('public.definer')")).toBe("42501")
    expect(await mallory.code("plv8.find_function('pg_catalog.now')")).toBe("42809")
    expect(await mallory.code("plv8.find_function('public.nothing')")).toBe("42883")
  })

  test("reads only what it may read", async () => {
    await admin.query("create table public.private_rows (i int)")
    expect(await mallory.code("plv8.execute('select * from public.private_rows')")).toBe("42501")
    expect(await mallory.code(`plv8.execute("copy (select 1) to '/tmp/plv8_host_test'")`)).toBe("42501")
  })

  test("gets no one else's start_proc to run", async () => {
    await mallory.query("create function mallory.start() returns void language plv8 as 'globalThis.started = 1'")
    await admin.query("alter role alice set plv8.start_proc = 'mallory.start'")
    const alice = await native.open("alice")
    expect(await alice.code("null")).toBe("42501")
    await admin.query(`
      create function public.start() returns void language plv8 as 'globalThis.started = 2';
      alter role alice set plv8.start_proc = 'public.start'`)
    const again = await native.open("alice")
    await again.run("if (started !== 2) throw new Error()")
  })

  test("forges no objects of the interface", async () => {
    for (const attack of [
      "plv8.prepare('select 1').execute.call({})",
      "const p = plv8.prepare('select 1'); p.free(); p.free(); p.execute()",
      "const p = plv8.prepare('select 1'); const c = p.cursor(); c.close(); c.fetch()",
      "const p = plv8.prepare('select 1'); p.execute.call(p.cursor())",
      "const p = plv8.prepare('select 1'); Object.setPrototypeOf({}, p).execute()",
      "new (plv8.prepare('select 1').constructor)().execute()",
      "new (plv8.prepare('select 1').cursor().constructor)().fetch()",
      "const p = plv8.prepare('select $1::text, $2::text'); p.execute([{ toString() { p.free(); return 'x' } }, 'y'])",
      "const p = plv8.prepare('select $1::text, $2::text'); p.cursor([{ toString() { p.free(); return 'x' } }, 'y'])",
      "plv8.execute.call(null)",
      "plv8.execute()",
      "plv8.prepare('select 1 frm 2')",
      "plv8.elog(99, 'x')",
      "plv8.return_next(1)",
      "plv8.subtransaction(1)",
    ]) {
      const { code } = await mallory.error(`do language plv8 $js$ ${attack} $js$`)
      expect([attack, code]).toEqual([attack, expect.stringMatching(/^(XX000|22023|26000|34000|42601|0A000|55006)$/)])
    }
    expect(await mallory.value("select 1")).toBe(1)
  })
})
