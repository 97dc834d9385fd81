import { expect, test } from "@jest/globals"
import { describeNative } from "./support.ts"

const recursions: Record<string, string> = {
  "of JavaScript": "(function f() { f() })()",
  "of getters": "const o = { get x() { return this.x } }; o.x",
  "of JSON.stringify": "let a = []; for (let i = 0; i < 1e6; i++) a = [a]; JSON.stringify(a)",
  "of toString": "const o = { toString() { return `${o}` } }; String(o)",
  "of eval": "eval('('.repeat(1e6))",
  "caught all the way": "(function f() { try { f() } catch (e) { f() } })()",
  "between SQL and JavaScript": "plv8.execute('select recurse(0)')",
}

describeNative("recursion", {}, (native) => {
  test.each(Object.entries(recursions))("%s is 54001 and the session goes on", async (name, javascript) => {
    const session = await native.open()
    await session.query(`create or replace function recurse(n int) returns int language plv8
      as 'return plv8.execute("select recurse($1) as r", [n + 1])[0].r'`)
    await session.query("set statement_timeout = 3000")
    const code = await session.code(javascript)
    // Catching at every level takes for ever, and ends by the timeout.
    expect(code).toBe(name === "caught all the way" ? "57014" : "54001")
    expect(await session.value("select 1")).toBe(1)
    await session.run("(function f(n) { if (n > 0) f(n - 1) })(1000)")
  })

  test("250 levels of SQL and JavaScript are no danger", async () => {
    const session = await native.open()
    await session.query(`create function levels(n int) returns int language plv8
      as 'return n === 0 ? 0 : 1 + plv8.execute("select levels($1) as r", [n - 1])[0].r'`)
    const outcome = await session.value("select levels(250)").catch((error: { code: string }) => error.code)
    expect([250, "54001"]).toContain(outcome)
  })

  test("another role's environment can begin where the stack is nearly used up", async () => {
    await native.role("deep")
    const session = await native.open()
    await session.query(`
      create function of_deep() returns int language plv8 security definer as 'return 1';
      alter function of_deep owner to deep`)
    await session.run(`
      (function f() { try { f() } catch (e) { try { plv8.execute("select of_deep()") } catch (e) { throw e } } })()`)
    expect(await session.value("select of_deep()")).toBe(1)
  })

  test("the limit follows max_stack_depth", async () => {
    const session = await native.open()
    const depth = `create or replace function depth() returns int language plv8 as
      'let n = 0; (function f() { try { n++; f() } catch (e) {} })(); return n'`
    await session.query(depth)
    const usual = Number(await session.value("select depth()"))
    await session.query("set max_stack_depth = '400kB'")
    expect(Number(await session.value("select depth()"))).toBeLessThan(usual / 2)
    await session.query("set max_stack_depth = '4MB'")
    expect(Number(await session.value("select depth()"))).toBeGreaterThan(usual * 1.5)
  })
})
