import { expect, test } from "@jest/globals"
import { describeNative } from "./support.ts"

// Value of a JavaScript expression returned as a SQL type: text, null or a SQLSTATE in angle brackets.
const cases: [type: string, javascript: string, expected: string | null][] = [
  ["int4[]", "new Int32Array([1, 2])", "{1,2}"],
  ["int4[]", "new Int8Array([-1, 2])", "{-1,2}"],
  ["int4[]", "new Float64Array([1, 2.5])", "<22P02>"],
  ["int4[]", "new Float64Array([NaN])", "<22003>"],
  ["int4[]", "new BigInt64Array([5n])", "{5}"],
  ["int4[]", "new Int32Array(0)", "{}"],
  ["int4[]", "[[1, 2], [3, 4]]", "{{1,2},{3,4}}"],
  ["int4[]", "[[1, 2], [3]]", "<2202E>"],
  ["int4[]", "[1, [2]]", "<2202E>"],
  ["int4[]", "[[], []]", "{}"],
  ["int4[]", "[1, null, undefined]", "{1,NULL,NULL}"],
  ["int4[]", "{ a: 1 }", "<22P02>"],
  ["int4[]", "'{1,2}'", "{1,2}"],
  ["int2[]", "new Int16Array([1])", "{1}"],
  ["int2[]", "new Int32Array([70000])", "<22003>"],
  ["int8[]", "new BigInt64Array([-9223372036854775808n])", "{-9223372036854775808}"],
  ["int8[]", "new BigUint64Array([18446744073709551615n])", "<22003>"],
  ["float4[]", "new Float32Array([0.5])", "{0.5}"],
  ["float8[]", "new Float32Array([0.5])", "{0.5}"],
  ["plv8_int4array", "new Uint8Array([255])", "{255}"],
  ["plv8_float8array", "[1, 2]", "{1,2}"],
  ["bytea", "new Uint8Array([1, 255])", "\\x01ff"],
  ["bytea", "new Uint8Array([1, 2, 3, 4]).subarray(1, 3)", "\\x0203"],
  ["bytea", "new Float32Array([1])", "\\x0000803f"],
  ["bytea", "new Uint8Array(3).buffer", "\\x000000"],
  ["bytea", "new DataView(new ArrayBuffer(2), 1)", "\\x00"],
  ["int2", "32768", "<22003>"],
  ["int4", "2147483648", "<22003>"],
  ["int4", "-2147483649", "<22003>"],
  ["int4", "NaN", "<22003>"],
  ["int4", "Infinity", "<22003>"],
  ["int4", "1.5", "<22P02>"],
  ["int4", "'12'", "12"],
  ["int4", "true", "1"],
  ["int4", "10n", "10"],
  ["int4", "undefined", null],
  ["int8", "9223372036854775807n", "9223372036854775807"],
  ["int8", "9223372036854775808n", "<22003>"],
  ["int8", "2 ** 63", "<22003>"],
  ["int8", "-(2 ** 63)", "-9223372036854775808"],
  ["oid", "4294967295", "4294967295"],
  ["oid", "-1", "<22003>"],
  ["float4", "1e300", "<22003>"],
  ["float8", "NaN", "NaN"],
  ["numeric", "12345678901234567890n", "12345678901234567890"],
  ["numeric", "1e400", "Infinity"],
  ["text", "'a\\0b'", "<22021>"],
  ["text", "'\\ud800'", "\ufffd"],
  ["text", "'\\u{1f600}'", "\u{1f600}"],
  ["text", "Symbol('x')", "<XX000>"],
  ["text", "Object.create(null)", "<XX000>"],
  ["varchar", "'abc'", "abc"],
  ["jsonb", "({ a: undefined, b: [undefined, NaN] })", '{"b": [null, null]}'],
  ["jsonb", "'\\0'", "<22P05>"],
  ["jsonb", "1n", "<XX000>"],
  ["jsonb", "(() => 1)", "<22P02>"],
  ["json", "[1, { a: 'x' }]", '[1,{"a":"x"}]'],
  ["date", "new Date(NaN)", "<22008>"],
  ["date", "new Date('2026-02-03T23:59:59Z')", "2026-02-03"],
  ["date", "new Date('1969-12-31T23:59:59Z')", "1969-12-31"],
  ["timestamptz", "new Date(8.64e15)", "275760-09-13 00:00:00+00"],
  ["timestamp", "new Date('2026-02-03T04:05:06.789Z')", "2026-02-03 04:05:06.789"],
  ["bool", "'no'", "false"],
  ["bool", "[]", "true"],
  ["uuid", "'00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"],
  ["uuid", "'x'", "<22P02>"],
  ["int4range", "'[1,3)'", "[1,3)"],
]

describeNative("conversions", { timezone: "UTC" }, (native) => {
  test.each(cases)("to %s from %s", async (type, javascript, expected) => {
    const session = await native.open()
    await session.query(
      `drop function if exists f(); create function f() returns ${type} language plv8 as $js$ return ${javascript} $js$`,
    )
    const got = await session.value("select f()::text").catch((error: { code: string }) => `<${error.code}>`)
    expect(got).toBe(expected)
    await session.close()
  })

  test("wrong arrays for typed array arguments", async () => {
    const session = await native.open()
    await session.query("create function typed(a plv8_int4array) returns int language plv8 as 'return a.length'")
    expect(await session.value("select typed('{1,2}')")).toBe(2)
    expect((await session.error("select typed('{1,NULL}')")).code).toBe("22004")
    expect((await session.error("select typed('{{1},{2}}')")).code).toBe("2202E")
  })

  test("a typed array that the function kept does not see the server's memory", async () => {
    const session = await native.open()
    await session.query(`create function keep(a plv8_int4array) returns int language plv8
      as 'globalThis.kept ??= a; return kept[0]'`)
    expect(await session.value("select keep('{7}')")).toBe(7)
    for (let i = 0; i < 20; i++) expect(await session.value(`select keep('{${i}}')`)).toBe(7)
  })

  test("a trigger keeps the exact value of columns that it does not change", async () => {
    const session = await native.open()
    await session.query(`
      create table exact (n numeric, t timestamptz, v varchar(3), j jsonb, a int[]);
      create function touch() returns trigger language plv8 as $js$ NEW.v = "abc"; NEW.j.x = 1; return NEW $js$;
      create trigger touch before insert on exact for each row execute function touch();
      insert into exact values (123456789012345678901234567890.5, '2026-01-02 03:04:05.678901+00', 'x', '{}', '{1}')`)
    expect(await session.query("select n::text, t::text, v, j::text, a::text from exact")).toEqual([
      { n: "123456789012345678901234567890.5", t: "2026-01-02 03:04:05.678901+00", v: "abc", j: '{"x": 1}', a: "{1}" },
    ])
    await session.query(`create or replace function touch() returns trigger language plv8 as 'NEW.v = "abcd"'`)
    expect((await session.error("insert into exact (v) values ('x')")).code).toBe("22001")
  })
})
