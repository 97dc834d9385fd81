import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { outcome, pin, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

test.each([
  ["quotes", `it's "quoted"`, `a"b`],
  ["a semicolon and a comment", "x; drop table penstock._collections; --", "p'; --"],
  ["a dollar quote and a backslash", "$fn$ end $fn$ \\", "$$\\000"],
  ["a percent sign, for format()", "%s %I %L %", "%1$s"],
  ["letters beyond ASCII", "тест 表 🌊", "partição"],
  ["63 bytes", "n".repeat(63), "m".repeat(63)],
  ["a reserved word", "select", "table"],
])("a table and a partition with %s in their names", async (_what, table, leaf) => {
  const schema = `schema of ${leaf}`.slice(0, 40)
  await db.exec(`
    create schema ${identifier(schema)};
    create table ${identifier(schema)}.${identifier(table)} (
      id int, vector vector(3) default '[1,2,3]', metadata jsonb, primary key (id)
    ) partition by list (id);
    create table ${identifier(schema)}.${identifier(leaf)}
      partition of ${identifier(schema)}.${identifier(table)} for values in (1);
  `)
  await db.query("select penstock.register('hostile', $1::regclass)", [`${identifier(schema)}.${identifier(table)}`])
  await db.query("select integrity.protect('hostile', 'enforce')")
  expect(await sample(db, "hostile")).toMatchObject({ lambda_cut: 1 })
  await pin(db, "stress", "hostile")
  expect(
    await db.value("select count(*)::int from pg_trigger where tgfoid = 'integrity._tg_batch()'::regprocedure"),
  ).toBe(2)
  await pin(db, "critical", "hostile")
  const insert = `insert into ${identifier(schema)}.${identifier(leaf)} (id) values (1)`
  expect(await outcome(db, insert)).toBe("55R01")
  await db.exec(
    `alter table ${identifier(schema)}.${identifier(table)} detach partition ${identifier(schema)}.${identifier(leaf)}`,
  )
  const taken = await sample(db, "hostile")
  expect(taken.witness_words).toContain(leaf)
  expect(await db.value("select integrity.graph_dot('hostile')")).toContain("partitions")
  await db.query("select penstock.unregister('hostile')")
  expect(await outcome(db, insert)).toBe("ok")
  await db.exec(`drop schema ${identifier(schema)} cascade`)
})

test("names of nodes are only names", async () => {
  await db.query("select penstock.create_collection('nodes', 3)")
  const names = [`"; digraph {`, "a -> b", "</b>", "%s", "$1", "\\", "this server'", "n".repeat(200)]
  for (const name of names) await db.query("select integrity.add_node('nodes', 'gateway', $1)", [name])
  for (const name of names)
    await db.query("select integrity.add_edge('nodes', $1, 'this server', 'dependency')", [name])
  expect(await sample(db, "nodes")).toMatchObject({ lambda_cut: 1 })
  await db.query("select integrity.graph_mermaid('nodes')")
  for (const name of names) await db.query("select integrity.remove_node('nodes', $1)", [name])
})
