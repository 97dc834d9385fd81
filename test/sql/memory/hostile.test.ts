import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openDatabase } from "../../support/database.ts"
import { initMemory, remember, unknownId } from "./support.ts"

/** What a caller can get wrong, by accident or on purpose: a clear code, and nothing lost. */
let db: Database
let a: string
let b: string
const long = process.env["PENSTOCK_TEST_LONG"] === "1"
beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db)
  a = await remember(db, "first", { embedding: "[1,0,0,0]", tags: ["x"] })
  b = await remember(db, "second", { embedding: "[0,1,0,0]" })
})
afterAll(async () => db.close())

test.each([
  ["22023", "select * from memory.search()"],
  ["22023", "select * from memory.search('')"],
  ["22023", "select * from memory.search('a', k => 0)"],
  ["22023", "select * from memory.search('a', k => 1001)"],
  ["22023", "select * from memory.search('a', k => null)"],
  ["22023", "select * from memory.search('a', fusion => 'magic')"],
  ["22023", "select * from memory.search('a', alpha => 2)"],
  ["22023", "select * from memory.search('a', alpha => 'NaN')"],
  ["22023", "select * from memory.search('a', rrf_k => 0)"],
  ["22023", "select * from memory.search('a', ef_search => 0)"],
  ["22023", "select * from memory.search('a', min_retrievability => 1.5)"],
  ["22023", `select * from memory.search('a', metadata => '{"x": {"$magic": 1}}')`],
  ["22023", "select * from memory.search('a', metadata => '[]')"],
  ["22023", "select * from memory.search('a', '[1,2]')"],
  ["22023", "select * from memory.search('a', '[0,0,0,0]')"],
  ["22023", "select * from memory.search('a', '[1,0,0,0]', model => 'another')"],
  ["22023", "select * from memory.search('a', model => 'another')"],
  ["42704", "select * from memory.search('a', namespace => 'none')"],
  ["54000", "select * from memory.search(repeat('word ', 30000))"],
  ["22023", "select memory.insert(null)"],
  ["22023", "select memory.insert('')"],
  ["22023", "select memory.insert('a', '[1,2]')"],
  ["22023", "select memory.insert('a', '[0,0,0,0]')"],
  ["22003", "select memory.insert('a', '[1e6,0,0,0]')"],
  ["22023", "select memory.insert('a', '[1,0,0,0]', model => 'another')"],
  ["22023", "select memory.insert('a', tags => '{a,NULL}')"],
  ["22023", `select memory.insert('a', tags => '{""}')`],
  ["22023", "select memory.insert('a', tags => array[repeat('x', 600)])"],
  ["22023", "select memory.insert('a', domains => '{NULL}')"],
  ["22023", "select memory.insert('a', metadata => '[]')"],
  ["22023", "select memory.insert('a', node_type => '')"],
  ["22023", "select memory.insert('a', dedupe => 'magic')"],
  ["22023", "select memory.insert('a', valid_from => '2026-01-02', valid_until => '2026-01-01')"],
  ["54000", "select memory.insert(repeat('x', 20000000))"],
  ["22023", "select memory.insert_many('{}')"],
  ["22023", "select memory.insert_many(null)"],
  ["22023", "select memory.insert_many('[1]')"],
  ["22023", `select memory.insert_many('[{"content": "a"}, {"content": ""}]')`],
  ["22023", `select memory.insert_many('[{"content": "a"}]', '{}')`],
  ["22023", `select memory.insert_many('[{"content": "a", "tags": [1]}]')`],
  ["22023", `select memory.insert_many('[{"content": "a", "tags": "b"}]')`],
  ["22P02", `select memory.insert_many('[{"content": "a", "id": "b"}]')`],
  ["23503", `select memory.insert_many('[{"content": "a", "superseded_by": "${unknownId}"}]')`],
  ["23514", `select memory.insert_many('[{"content": "a", "scheduling": {"state": "odd"}}]')`],
  ["22023", "select memory.update(A, tags => '{NULL}')"],
  ["P0002", `select memory.update('${unknownId}', content => 'x')`],
  ["22004", "select memory.update(null, content => 'x')"],
  ["54000", "select memory.update(A, content => repeat('x', 20000000))"],
  ["P0002", `select memory.review('${unknownId}', 3)`],
  ["22023", "select memory.review(A, 0)"],
  ["22023", "select memory.review(A, 5)"],
  ["22023", "select memory.review(A, null)"],
  ["22023", "select memory.review(A, 3, '2001-01-01')"],
  ["22023", "select memory.review(A, 3, 'infinity')"],
  ["P0002", `select memory.get_scheduling('${unknownId}')`],
  ["22004", "select memory.update_scheduling(A, null, 1, 1, now(), now())"],
  ["23514", "select memory.update_scheduling(A, 'odd', 1, 1, now(), now())"],
  ["22023", "select memory.add_edge(A, A)"],
  ["P0002", `select memory.add_edge(A, '${unknownId}')`],
  ["P0002", `select memory.add_edge('${unknownId}', A)`],
  ["22023", "select memory.add_edge(A, B, weight => 0)"],
  ["22023", "select memory.add_edge(A, B, weight => 1.1)"],
  ["22023", "select memory.add_edge(A, B, weight => 'NaN')"],
  ["22023", "select memory.add_edge(A, B, '')"],
  ["22023", "select memory.get_edges(A, 'sideways')"],
  ["22023", "select memory.get_neighbors(A, 0)"],
  ["22023", "select memory.get_neighbors(A, decay => 0)"],
  ["22023", "select memory.get_neighbors(A, threshold => null)"],
  ["P0002", `select memory.get_neighbors('${unknownId}')`],
  ["P0002", `select memory.supersede(A, '${unknownId}')`],
  ["22023", "select memory.supersede(A, A)"],
  ["22004", "select memory.delete(variadic null::uuid[])"],
  ["P0002", "select memory.undo_decision(12345)"],
  ["22023", "select memory.upsert_domain('')"],
  ["22023", "select memory.upsert_domain('d', centroid => '[1]')"],
  ["22023", "select memory.upsert_domain('d', top_terms => '{NULL}')"],
  ["22004", "select memory.classify(null)"],
  ["22023", "select memory.get_due(0)"],
  ["42704", "select memory.grant_namespace('default', 'no_such_role')"],
  ["42704", "select memory.revoke_namespace('default', 'no_such_role')"],
  ["42602", "select memory.create_namespace('')"],
  ["42602", "select memory.create_namespace(null)"],
  ["22023", "select memory.register_model('x', 100000)"],
  ["22004", "select memory.register_model(null, 4)"],
  ["55000", "select memory.reembed_progress()"],
  ["55000", "select memory.finish_reembed()"],
  ["55000", "select memory.abort_reembed()"],
])("%s: %s", async (code, sql) => {
  const error = await db.error(sql.replaceAll("(A", `('${a}'`).replaceAll(" A", ` '${a}'`).replaceAll(" B", ` '${b}'`))
  expect(error.code).toBe(code)
})

test("a wrong row of a batch is named by its position", async () => {
  const { detail } = await db.error(
    `select memory.insert_many('[{"content": "a"}, {"content": "b", "id": "x", "tags": [null]}]')`,
  )
  expect(JSON.parse(detail ?? "")).toEqual({ position: 2, id: "x" })
})

test("nothing of all that was stored or lost", async () => {
  expect(await db.value("select memory.count()")).toBe(2)
  expect(await db.value("select count(*) from memory.review_events")).toBe(0)
  expect(await db.query("select content, tags from memory.get($1)", [a])).toEqual([{ content: "first", tags: ["x"] }])
})

describe("odd texts", () => {
  test("10 MB are stored whole and their beginning is found", async () => {
    const id = await remember(db, `needle ${"hay ".repeat(2_600_000)}`)
    expect(await db.value("select octet_length(content) from memory.get($1)", [id])).toBe(10_400_007)
    expect(await db.value("select id from memory.fts_search('needle')")).toBe(id)
    await db.query("select memory.delete($1)", [id])
  })

  test.each([
    ["many different words", Array.from({ length: 60_000 }, (_, i) => i.toString(36)).join(" ")],
    ["many paths", Array.from({ length: 30_000 }, (_, i) => `/a${i}/b${i}.c`).join(" ")],
    ["many addresses", Array.from({ length: 30_000 }, (_, i) => `http://h${i}.example.com/p${i}?q=${i}`).join(" ")],
    ["many hyphens", Array.from({ length: 40_000 }, (_, i) => `x${i}-y${i}`).join("-")],
    ["four bytes a character", "𐐷𐐸 ".repeat(200_000)],
    ["one endless word", "x".repeat(500_000)],
  ])("%s", async (_, content) => {
    const id = await remember(db, content)
    expect(await db.value("select content = $2 from memory.get($1)", [id, content])).toBe(true)
    await db.query("select memory.delete($1)", [id])
  })

  test("any text and tags are stored as they are, and any query is answered", async () => {
    const text = fc
      .oneof(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
        fc.constantFrom(
          "'",
          "' & '",
          "\\",
          "a\\'b",
          "!",
          "-x",
          '"',
          '"a b" -c',
          "OR",
          ":*",
          "<->",
          "$fn$",
          "%L",
          "{}",
          "(",
          "|",
        ),
      )
      .map((value) => value.replaceAll("\0", "") || "x")
    await fc.assert(
      fc.asyncProperty(text, fc.array(text, { maxLength: 4 }), text, async (content, tags, query) => {
        const id = await remember(db, content, { tags })
        expect(await db.query("select content, tags from memory.get($1)", [id])).toEqual([{ content, tags }])
        await db.query("select * from memory.fts_search($1)", [query])
        const found = await db.query("select id from memory.search($1, '[1,0,0,0]', tags => $2, node_types => $3)", [
          query,
          tags,
          [content],
        ])
        expect(found).toEqual([])
        await db.query("select memory.delete($1)", [id])
      }),
      { numRuns: long ? 5000 : 100 },
    )
  })
})

test("concurrent circles and edges: a graph full of circles ends", async () => {
  const ids = []
  for (let i = 0; i < 6; i++) ids.push(await remember(db, `node ${i}`))
  for (const source of ids) {
    for (const target of ids) if (source !== target) await db.query("select memory.add_edge($1, $2)", [source, target])
  }
  const found = await db.query("select activation, hops from memory.get_neighbors($1, 10)", [ids[0]])
  expect(found).toEqual(Array.from({ length: 5 }, () => ({ activation: 0.7, hops: 1 })))
})
