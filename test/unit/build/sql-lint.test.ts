import { describe, expect, test } from "@jest/globals"
import { lintSql } from "../../../build/sql-lint.ts"

const lint = async (sql: string): Promise<string[]> =>
  (await lintSql([{ source: "sql/penstock/010-sample.sql", sql }])).map(({ line, message }) => `${line}: ${message}`)

const good = `/* A sample's file. */
create or replace function penstock.add_one(
  x int
)
returns int
immutable
set search_path = ''
language plpgsql
as $fn$
begin
  /* One more. */
  return x + 1;
end
$fn$;

comment on function penstock.add_one is 'Adds one.';
revoke all on function penstock.add_one from public;
`
const at = "2: function penstock.add_one(int4): "

test("a file that keeps the conventions has no findings", async () => {
  expect(await lint(good)).toEqual([])
})

describe("functions", () => {
  test.each([
    ["without volatility", ["immutable\n", ""], `${at}state the volatility: immutable, stable or volatile`],
    ["in plpgsql without search_path", ["set search_path = ''\n", ""], `${at}plpgsql without set search_path`],
    [
      "as definer without search_path",
      ["set search_path = ''", "security definer"],
      `${at}security definer without set search_path`,
    ],
    ["with two attributes on a line", ["immutable\nset", "immutable set"], `${at}one attribute a line`],
    ["that cannot be replaced", ["or replace ", ""], `${at}write create or replace`],
    ["without comment", ["comment on function penstock.add_one is 'Adds one.';\n", ""], `${at}no COMMENT ON`],
    ["left to PUBLIC", ["revoke all on function penstock.add_one from public;\n", ""], `${at}not revoked from PUBLIC`],
    ["in another schema's folder", ["penstock.add_one", "memory.add_one"], "belongs in sql/memory/"],
    ["in camel case", ["penstock.add_one", 'penstock."addOne"'], '"addOne" is not snake_case'],
    ["with an error in plpgsql", ["return x + 1", "iff x"], `${at}plpgsql: syntax error at or near "iff"`],
  ])("%s", async (_name, [from = "", to = ""], expected) => {
    expect((await lint(good.replaceAll(from, () => to))).join("\n")).toContain(expected)
  })

  describe("in plpgsql without search_path, where every name has its schema", () => {
    const definer = good
      .replace("set search_path = ''", "security definer")
      .replace("return x + 1", "return pg_catalog.abs(x) operator(pg_catalog.+) 1")
    const within = (body: string) => definer.replace("return pg_catalog", `${body};\n  return pg_catalog`)

    test("nothing is wrong", async () => {
      expect(await lint(definer)).toEqual([])
      expect(await lint(within("if x is null then return coalesce(x, 1)::pg_catalog.int4; end if"))).toEqual([])
    })

    test.each([
      ["a function", "perform abs(x)", "function abs"],
      ["an operator", "x := x - 1", "operator -"],
      ["an operator in a query", "perform from penstock.t where t.x = 1", "operator ="],
      ["a table", "perform from t", "table t"],
      ["a table that is changed", "delete from t", "table t"],
      ["a type of a variable", "declare y text; begin null; end", "type text"],
      ["a type of a cast", "perform x::text", "type text"],
      ["IN", "x := case when x in (1, 2) then 1 end", "operator ="],
      ["CASE with a value", "x := case x when 1 then 1 end", "operator of CASE value WHEN"],
      ["the statement CASE", "case x when 1 then null; end case", "operator IN"],
      ["DISTINCT", "x := (x is distinct from 1)::pg_catalog.int4", "operator ="],
      ["ANY of a query", "x := x = any (select 1)", "operator of ANY or IN"],
      ["USING", "perform from penstock.a join penstock.b using (x)", "operator of USING"],
      ["a default", "declare y pg_catalog.int4 := abs(1); begin null; end", "function abs"],
      ["a raised word", "raise exception '%', abs(x)", "function abs"],
      ["a loop", "for i in 1 .. abs(x) loop null; end loop", "function abs"],
    ])("%s without is found", async (_what, body, expected) => {
      const findings = (await lint(within(body))).join("\n")
      expect(findings).toContain("security definer without set search_path, and without a schema")
      expect(findings).toContain(expected.replace("operator IN", "operator ="))
    })
  })

  test("in SQL may go without search_path, to be inlined", async () => {
    const inlined = good.replace("set search_path = ''\n", "").replace("plpgsql", "sql")
    expect(await lint(inlined.replace(/begin[^]*end\n/, "select x + 1\n"))).toEqual([])
  })
})

describe("text", () => {
  test.each([
    ["a bare dollar quote", ["$fn$", "$$"], "9: a bare $$; name the quote, such as $fn$"],
    ["a line comment in a body", ["/* One more. */", "-- one more"], "11: a -- comment inside a body; write /* */"],
    ["an apostrophe in a comment of a body", ["One more", "x's"], "11: an apostrophe in a comment inside a body"],
    ["a placeholder", ["x + 1", "':DATABASE_NAME'"], "12: graphile-migrate replaces this placeholder"],
    ["a syntax error", ["returns int", "return int"], '6: syntax error at or near "immutable"'],
  ])("%s", async (_name, [from = "", to = ""], expected) => {
    expect(await lint(good.replaceAll(from, () => to))).toContain(expected)
  })

  test("what the comparer cannot read", async () => {
    expect((await lint(`${good}\nselect e'\\\\\\'';`)).join()).not.toContain("comparer")
    expect((await lint(good.replace("return x + 1", "return 'a\\'"))).join()).toContain("comparer cannot read this")
  })

  test("length is a warning", async () => {
    const [finding] = await lintSql([
      { source: "sql/penstock/010-sample.sql", sql: good + "\n".repeat(200) + "select 1;" },
    ])
    expect(finding).toMatchObject({ line: 218, warning: true })
  })
})

describe("objects", () => {
  test.each([
    ["a table without comment", "create table penstock._a (id int);", "1: table penstock._a: no COMMENT ON"],
    ["a table without schema", "create table _a (id int);", "1: table _a: name its schema"],
    ["a grant to PUBLIC", "grant select on penstock._a to public;", "1: granted to PUBLIC"],
    [
      "a trigger's name",
      "create trigger t before insert on penstock._a execute function penstock.f();",
      "a trigger is called _NNN_name",
    ],
    [
      "a comment that is no sentence",
      "comment on table penstock._a is 'rows';",
      "1: table penstock._a: the comment is to be whole sentences",
    ],
    [
      "a trigger function's name",
      good.replaceAll("returns int", "returns trigger"),
      "a trigger function is called tg_table__task, or tg_task when it serves any table",
    ],
  ])("%s", async (_name, sql, expected) => {
    expect((await lint(sql)).join("\n")).toContain(expected)
  })
})
