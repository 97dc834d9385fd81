import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { asRole, createRole, dropRoles } from "./roles.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.exec(`
    create schema app;
    create table app.articles (
      article_id bigint primary key,
      title text not null default 'untitled',
      embedding vector(3),
      facts jsonb
    );
    create index on app.articles using hnsw (embedding vector_l2_ops) with (m = 8);
    insert into app.articles values (1, 'one', '[1,0,0]', '{"n": 1}'), (2, 'two', '[0,1,0]', null), (3, 'three', null, null);
    create table bare (id text, vector vector(3), metadata jsonb);
    create table loose (id uuid primary key, vector vector, metadata jsonb);
    create table wrong (id int primary key, vector float4[], metadata json);
    create table strict (id text primary key, vector vector(1), metadata jsonb, author text not null);
    create view looked_at as select * from bare;
  `)
})
afterAll(async () => {
  await dropRoles(db)
  await db.close()
})

describe("register adopts a table that exists", () => {
  beforeAll(async () => {
    await db.query("select penstock.register('articles', 'app.articles', 'article_id', 'embedding', 'facts')")
  })

  test("its metric and index come from the index that is there", async () => {
    const [row] = await db.query(
      "select metric, index_kind, dimensions, owned, options from penstock.collections where name = 'articles'",
    )
    expect(row).toEqual({ metric: "l2", index_kind: "hnsw", dimensions: 3, owned: false, options: { m: 8 } })
  })

  test("search gives ids as text and skips rows without a vector", async () => {
    expect(await db.query("select id, metadata from penstock.search('articles', '[1,0,0]')")).toEqual([
      { id: "1", metadata: { n: 1 } },
      { id: "2", metadata: null },
    ])
  })

  test("upsert keeps the columns that it does not know", async () => {
    await db.query(`select penstock.upsert('articles', '2', '[0,0,1]', '{"n": 2}')`)
    expect(await db.query("select title, embedding::text, facts from app.articles where article_id = 2")).toEqual([
      { title: "two", embedding: "[0,0,1]", facts: { n: 2 } },
    ])
  })

  test("a new row that misses a required column is the table's own error", async () => {
    await db.query("select penstock.register('strict', 'strict')")
    expect((await db.error("select penstock.upsert('strict', '9', '[1]')")).code).toBe("23502")
  })

  test("get and delete take the text form of the id", async () => {
    expect(await db.value("select g.metadata ->> 'n' from penstock.get('articles', '1') g")).toBe("1")
    expect((await db.error("select * from penstock.get('articles', 'one')")).code).toBe("22P02")
    expect(await db.value("select penstock.delete('articles', '3', '4')")).toBe(1)
  })

  test("a renamed table stays the collection", async () => {
    await db.exec("alter table app.articles rename to essays")
    expect(await db.value("select count(*) from penstock.search('articles', '[1,0,0]')")).toBe(2)
    await db.exec("alter table app.essays rename to articles")
  })

  test("it is never scanned or rewritten, and gets no index", async () => {
    const before = await db.query("select relfilenode, relhasindex from pg_class where relname = 'bare'")
    await db.query("select penstock.register('bare', 'bare')")
    expect(await db.query("select relfilenode, relhasindex from pg_class where relname = 'bare'")).toEqual(before)
    expect(await db.value("select count(*) from pg_indexes where tablename = 'bare'")).toBe(0)
    expect(await db.value("select metric from penstock.collections where name = 'bare'")).toBe("cosine")
  })

  test("without a unique id, upsert is refused by the table", async () => {
    expect((await db.error("select penstock.upsert('bare', 'a', '[1,2,3]')")).code).toBe("42P10")
  })

  test("build_index gives an adopted table its index", async () => {
    await db.query("select penstock.build_index('bare', 'hnsw', m => 10, ef_construction => 40)")
    expect(await db.value("select indexdef from pg_indexes where tablename = 'bare'")).toMatch(
      /hnsw.*vector_cosine_ops/,
    )
    expect(await db.value("select index_kind from penstock.collections where name = 'bare'")).toBe("hnsw")
    expect((await db.error("select penstock.build_index('bare')")).code).toBe("42710")
  })

  test("a column without dimensions needs them said", async () => {
    expect((await db.error("select penstock.register('loose', 'loose')")).code).toBe("22023")
    await db.query("select penstock.register('loose', 'loose', dimensions => 2)")
    expect((await db.error("select penstock.upsert('loose', gen_random_uuid()::text, '[1,2,3]')")).code).toBe("22023")
    await db.query("select penstock.upsert('loose', gen_random_uuid()::text, '[1,2]')")
    expect(await db.value("select count(*) from penstock.search('loose', '[1,2]')")).toBe(1)
  })
})

test.each([
  ["character(8)", "abc     "],
  ["varchar(8)", "abc"],
  ["uuid", "6f1d5a3e-7f0b-4a56-9d0e-000000000001"],
  ["numeric", "1.50"],
  [`"odd type"`, "red"],
])("an id of type %s goes in and out as text", async (type, id) => {
  if (type === `"odd type"`) await db.exec(`create type "odd type" as enum ('red', 'blue')`)
  await db.exec(`create table typed (id ${type} primary key, vector vector(1), metadata jsonb)`)
  await db.query("select penstock.register('typed', 'typed')")
  await db.query("select penstock.upsert('typed', $1, '[1]')", [id])
  await db.query("select penstock.upsert('typed', $1, '[2]')", [id])
  expect(await db.query(`select g.id, g."vector"::text as v from penstock.get('typed', $1) g`, [id])).toEqual([
    { id: id.trim(), v: "[2]" },
  ])
  expect(await db.value("select penstock.delete('typed', $1)", [id])).toBe(1)
  await db.exec("select penstock.unregister('typed'); drop table typed")
})

test("a registry row that somebody writes by hand can hold no SQL", async () => {
  await db.exec("create table mine (id text primary key, vector vector(1), metadata jsonb)")
  const columns = "name, relation, id_type, vector_type, dimensions, metric, index_kind, owned"
  for (const values of [
    "'mine', 'mine', 'text); drop table mine; --', 'vector', 1, 'l2', 'none', false",
    "'mine', 'mine', 'text', 'vector); --', 1, 'l2', 'none', false",
    "'mine', 'mine', 'text', 'vector', 1, 'l2''', 'none', false",
    "'mine', 'mine', 'text', 'vector', 1, 'l2', 'hnsw; --', false",
  ]) {
    const { code } = await db.error(`insert into penstock._collections (${columns}) values (${values})`)
    expect([values, ["23514", "42601", "42704"].includes(code)]).toEqual([values, true])
  }
})

describe("what cannot be adopted is refused", () => {
  const cases: [string, string, string][] = [
    ["a table that is not there", "select penstock.register('x', 'nowhere')", "42P01"],
    ["a number that is no table", "select penstock.register('x', 0)", "42P01"],
    ["no table", "select penstock.register('x', null)", "22004"],
    ["a view", "select penstock.register('x', 'looked_at')", "42809"],
    ["an id column that is not there", "select penstock.register('x', 'wrong', 'nr')", "42703"],
    ["a vector column of another type", "select penstock.register('x', 'wrong')", "42804"],
    ["a metadata column of another type", "select penstock.register('x', 'other', metadata_column => 'id')", "42804"],
    ["other dimensions than the column's", "select penstock.register('x', 'other', dimensions => 4)", "22023"],
    ["a table twice", "select penstock.register('x', 'app.articles', 'article_id', 'embedding', 'facts')", "42710"],
    ["a hostile name", "select penstock.register('a'' or true', 'other')", "42602"],
  ]
  beforeAll(async () => db.exec("create table other (id text primary key, vector vector(3), metadata jsonb)"))
  test.each(cases)("%s", async (_, sql, code) => {
    expect((await db.error(sql)).code).toBe(code)
  })

  test("the HINT of a wrong column lists the right ones", async () => {
    expect((await db.error("select penstock.register('x', 'other', 'nr')")).hint).toMatch(/id text.*metadata jsonb/)
  })

  test("somebody else's table", async () => {
    const adopter = await createRole(db, "adopter")
    await db.exec(`grant select on other to ${adopter}`)
    const { code } = await asRole(db, adopter, () => db.error("select penstock.register('x', 'other')"))
    expect(code).toBe("42501")
  })
})

test("a column named by force with hostile text stays a column", async () => {
  await db.exec(`create table "T ""; --" ("i'd" int primary key, "v "" x" vector(2), "m;" jsonb)`)
  await db.query(`select penstock.register('quoted', '"T ""; --"', 'i''d', 'v " x', 'm;')`)
  await db.query(`select penstock.upsert('quoted', '5', '[1,2]', '{"a": "\\u0027; drop table x"}')`)
  expect(
    await db.query(`select id, metadata from penstock.search('quoted', '[1,2]', filter => '{"a": {"$exists": true}}')`),
  ).toEqual([{ id: "5", metadata: { a: "'; drop table x" } }])
  expect(await db.value("select penstock.delete('quoted', '5')")).toBe(1)
  expect(await db.value("select row_count from penstock.stats('quoted')")).toBe(0)
})
