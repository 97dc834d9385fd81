import { describe, expect, test } from "@jest/globals"
import { changeSet, changeSql, parseChangeStep } from "../../../build/change-set.ts"
import { buildManifest, type Manifest } from "../../../build/manifest.ts"
import { splitStatements, type Statement } from "../../../build/statements.ts"

const table = "create table penstock._a (id int);\ncomment on table penstock._a is 'Rows.';"
const addOne = (body: string): string =>
  `create or replace function penstock.add_one(x int)\nreturns int\nimmutable\nlanguage sql\nas $fn$ ${body} $fn$;
comment on function penstock.add_one is 'Adds one.';
revoke all on function penstock.add_one from public;`
const view = "create or replace view penstock.b as select 1 as x;\ngrant select on penstock.b to penstock_user;"
const trigger = (when: string): string =>
  `create trigger _100_t ${when} insert on penstock._a for each row execute function penstock._tg_a__t();`

const parse = async (...sources: string[]): Promise<Statement[]> =>
  (await Promise.all(sources.map((sql, i) => splitStatements({ source: `sql/penstock/${i}.sql`, sql })))).flat()

const committed = async (...sources: string[]): Promise<Manifest> => buildManifest(await parse(...sources), [])

const texts = (statements: readonly Statement[]): string[] => statements.map(({ text }) => text)

describe("a migration holds", () => {
  test("nothing when nothing changed, comments in the files aside", async () => {
    const before = await committed(table, addOne("select x + 1"), view)
    const set = changeSet(await parse(`/* new */ ${table}`, addOne("select x + 1"), view), before, [])
    expect([set.statements, set.refusals]).toEqual([[], []])
  })

  test("a changed function with its comment and its privileges, and nothing else", async () => {
    const before = await committed(table, addOne("select x + 1"), view)
    const set = changeSet(await parse(table, addOne("select 1 + x"), view), before, [])
    expect(set.changed).toEqual(["function penstock.add_one(int4)"])
    expect(set.statements).toHaveLength(3)
    expect(changeSql(set)).toBe(texts(set.statements).join("\n\n"))
  })

  test("a new table and what is said about it", async () => {
    const before = await committed(addOne("select x + 1"))
    const set = changeSet(await parse(table, addOne("select x + 1")), before, [])
    expect([set.added, set.refusals, set.statements.length]).toEqual([["table penstock._a"], [], 2])
  })

  test("only the comment of a table whose comment changed", async () => {
    const before = await committed(table)
    const set = changeSet(await parse(table.replace("Rows.", "All rows.")), before, [])
    expect(texts(set.statements)).toEqual(["comment on table penstock._a is 'All rows.';"])
  })

  test("a grant on a view, which GRANT calls a table", async () => {
    const before = await committed(view)
    const set = changeSet(await parse(view.replace("penstock_user", "penstock_operator")), before, [])
    expect([set.changed, set.statements.length]).toEqual([["view penstock.b"], 2])
  })

  test("a trigger dropped first, since it has no replace", async () => {
    const before = await committed(trigger("before"))
    const set = changeSet(await parse(trigger("after")), before, [])
    expect(changeSql(set)).toBe(`drop trigger if exists _100_t on penstock._a;\n${trigger("after")}`)
  })

  test("privileges on the schema again with anything new in it", async () => {
    const owner = "grant create on schema penstock to penstock_log_owner;"
    const before = await committed(owner, table)
    const set = changeSet(await parse(owner, table, view), before, [])
    expect(texts(set.statements)).toContain(owner)
  })
})

describe("no migration is generated", () => {
  test("for a changed table without a step that covers it", async () => {
    const before = await committed(table)
    const now = await parse(table.replace("id int", "id bigint"))
    expect(changeSet(now, before, []).refusals).toEqual(["table penstock._a changed and cannot be run again"])
    const step = parseChangeStep("001-wider.sql", "/* changes: table penstock._a */\nalter table penstock._a ...;")
    const set = changeSet(now, before, [step])
    expect(set.refusals).toEqual([])
    expect(set.steps).toEqual([step])
    expect(texts(set.statements)).toEqual(["comment on table penstock._a is 'Rows.';"])
  })

  test("for an object that is gone without a step that drops it", async () => {
    const before = await committed(table, view)
    expect(changeSet(await parse(table), before, []).refusals).toEqual(["view penstock.b is gone from the sources"])
    const step = parseChangeStep("001-gone.sql", "-- changes: view penstock.b\ndrop view penstock.b;")
    expect(changeSet(await parse(table), before, [step]).refusals).toEqual([])
  })

  test("for a step that covers what did not change", async () => {
    const step = parseChangeStep("001-odd.sql", "/* changes: table penstock._a */")
    expect(changeSet(await parse(table), await committed(table), [step]).refusals).toEqual([
      "a step says it changes table penstock._a, which did not change",
    ])
  })
})

test("a step is not run again once it is in a committed migration", async () => {
  const step = parseChangeStep("001-wider.sql", "/* changes: table penstock._a */")
  const before = buildManifest(await parse(table), ["001-wider.sql"])
  expect(changeSet(await parse(table), before, [step]).steps).toEqual([])
})

test("overloads are told apart by their arguments", async () => {
  const one = "create or replace function penstock.f(x int) returns int immutable language sql as $fn$ select x $fn$;"
  const two = one.replace("x int", "x int, y text[]")
  const manifest = await committed(one, two)
  expect(Object.keys(manifest.bodies)).toEqual(["penstock.f(int4)", "penstock.f(int4, text[])"])
})

test("an aggregate is one object with its comment and its privileges", async () => {
  const aggregate = `create or replace aggregate penstock.total(int) (sfunc = pg_catalog.int4pl, stype = int);
comment on aggregate penstock.total(int) is 'Adds up.';
revoke all on function penstock.total(int) from public;`
  expect(Object.keys((await committed(aggregate)).objects)).toEqual(["function penstock.total(int4)"])
})
