import { expect, test } from "@jest/globals"
import { describeNative } from "./support.ts"

const exhausting: Record<string, string> = {
  "the heap": "const a = []; for (;;) a.push({ a: [1, 2, 3] })",
  "the heap, errors caught": "const a = []; for (;;) { try { for (;;) a.push([a.length]) } catch (e) {} }",
  "array buffers": "const a = []; for (;;) a.push(new Uint8Array(1e6))",
  "shared array buffers": "const a = []; for (;;) a.push(new SharedArrayBuffer(1e6))",
  "many WebAssembly memories": "const a = []; for (;;) a.push(new WebAssembly.Memory({ initial: 500 }))",
  "a growing WebAssembly memory": "const m = new WebAssembly.Memory({ initial: 1 }); for (;;) m.grow(10)",
}

describeNative("memory", { "plv8.memory_limit": "64MB", shared_preload_libraries: "plv8_host" }, (native) => {
  test.each(Object.entries(exhausting))("exhausting %s is 53200 and the session goes on", async (_, javascript) => {
    const session = await native.open()
    expect(await session.code(javascript)).toBe("53200")
    await session.run("const a = new Uint8Array(1e6); if (a.length !== 1e6) throw new Error()")
    expect(await session.value("select 1")).toBe(1)
  })

  test("one allocation far above the limit costs the session at most", async () => {
    const session = await native.open()
    const { code } = await session.error("do language plv8 $js$ const a = new Array(3e7).fill({}); for (;;); $js$")
    expect(code).toBe("53200")
    const other = await native.open()
    expect(await other.value("select 1")).toBe(1)
  })

  test("a nested call that runs out of memory cannot be caught by its own environment", async () => {
    const session = await native.open()
    const code = await session.code(`
      try { plv8.execute("do language plv8 'const a = []; for (;;) a.push([1])'") } catch (e) {}
      plv8.elog(WARNING, "went on")`)
    expect(code).toBe("53200")
    await session.run("null")
  })

  test("large values pass", async () => {
    const session = await native.open()
    await session.query("create function big_json(j jsonb) returns jsonb language plv8 as 'return j'")
    await session.query("create function big_text(t text) returns text language plv8 as 'return t'")
    await session.query("create function big_bytes(b bytea) returns bytea language plv8 as 'return b'")
    await session.query("create function big_array(a plv8_float8array) returns float8[] language plv8 as 'return a'")
    const ten = 10_000_000
    expect(await session.value(`select length(big_json(to_jsonb(repeat('x', ${ten}))) #>> '{}')`)).toBe(ten)
    expect(await session.value(`select length(big_text(repeat('x', ${ten})))`)).toBe(ten)
    expect(await session.value(`select length(big_bytes(convert_to(repeat('x', ${ten}), 'UTF8')))`)).toBe(ten)
    const array = "select cardinality(big_array(array_agg(i::float8))) from generate_series(1, 1000000) i"
    expect(await session.value(array)).toBe(1_000_000)
  })

  test("an array that claims many elements is 53200 before it is converted", async () => {
    const session = await native.open()
    await session.query("create function claims() returns int4[] language plv8 as 'return new Array(2 ** 27 - 1)'")
    expect((await session.error("select claims()")).code).toBe("53200")
    expect(await session.value("select 1")).toBe(1)
  })

  test("a value above the limit is an error before JavaScript sees it", async () => {
    const session = await native.open()
    await session.query("create function takes(b bytea) returns int language plv8 as 'return b.length'")
    expect((await session.error("select takes(convert_to(repeat('x', 100000000), 'UTF8'))")).code).toBe("53200")
    expect(await session.value("select takes('\\x00')")).toBe(1)
  })
})
